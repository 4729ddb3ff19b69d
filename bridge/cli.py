"""`bridge <verb>`: our verbs first, then any Django command."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from bridge import metrics_folder
from bridge.exits import FAILED, INTERRUPTED, OK, USAGE, explain, say
from bridge.prepare import Needs, load_django, prepare
from bridge.services import lifeline
from bridge.verbs import VERBS

# Django commands that work without a database server.
SERVERLESS = frozenset(
    {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"}
    | {"spectacular", "startapp", "startproject"}
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code: 0 done, 1 failed, 2 asked or configured wrongly, 130 Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    supervised = lifeline.hold_on()
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output (`| head`) has gone; nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        explained = explain(error)
        if supervised:
            return _log_end(arguments[0], error, explained)
        if explained is None:
            raise  # a fault of ours: the traceback is for who mends it
        code, sentence = explained
        say(sentence)
        return code


def overview() -> str:
    """What `bridge --help` prints."""
    width = max(map(len, VERBS))
    lines = [f"  {name:<{width}}  {verb.line}" for name, verb in VERBS.items()]
    return "\n".join(
        [
            "usage: bridge VERB [options]      (bridge VERB --help tells more)",
            "",
            *lines,
            "",
            "Any Django command works too: bridge migrate, bridge shell, bridge createsuperuser …",
            "All take --data-dir FOLDER: where this Bridge keeps its data (BRIDGE_DATA_DIR, .bridge).",
            "Exit codes: 0 done, 1 the work failed, 2 asked or configured wrongly, 130 Ctrl-C.",
        ]
    )


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments in (["-h"], ["--help"], ["help"]):
        print(overview())
        return OK
    if arguments == ["--version"]:
        from importlib.metadata import version

        print(f"bridge {version('bridge')}")
        return OK
    name, *rest = arguments
    return _run_verb(name, rest) if name in VERBS else _run_django(_in_data_dir(arguments))


def _run_verb(name: str, rest: list[str]) -> int:
    verb = VERBS[name]
    module = importlib.import_module(f"bridge.verbs.{name}")
    parser = argparse.ArgumentParser(
        prog=f"bridge {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_data_dir(parser)
    module.arguments(parser)
    options = parser.parse_args(rest)
    _use_data_dir(options)
    if verb.counts:
        metrics_folder.share()
    else:
        metrics_folder.leave()
    with ExitStack() as stack:
        if verb.needs > Needs.NOTHING:
            _log_quietly()
        prepare(verb.needs, stack)
        code: int = module.run(options)
    return code


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir", metavar="FOLDER", help="where this Bridge keeps its data (BRIDGE_DATA_DIR, .bridge)"
    )


def _use_data_dir(options: argparse.Namespace) -> None:
    if options.data_dir:
        os.environ["BRIDGE_DATA_DIR"] = os.path.abspath(options.data_dir)


def _in_data_dir(arguments: list[str]) -> list[str]:
    """Take --data-dir out of a Django command's line: Django's own parser does not know it."""
    parser = argparse.ArgumentParser(prog=f"bridge {arguments[0]}", add_help=False, allow_abbrev=False)
    _add_data_dir(parser)
    options, rest = parser.parse_known_args(arguments)
    _use_data_dir(options)
    return rest


def _run_django(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line, get_commands

    _log_quietly()
    name = arguments[0]
    load_django()
    known = [*VERBS, *get_commands(), "help"]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `bridge {near[0]}`?" if near else "`bridge --help` lists what there is."
        say(f"There is no verb {name!r}: {hint} [unknown_verb]")
        return USAGE
    serverless = name in SERVERLESS or not {"-h", "--help"}.isdisjoint(arguments)
    with ExitStack() as stack:
        prepare(Needs.NOTHING if serverless else Needs.DATABASE, stack)
        execute_from_command_line(["bridge", *arguments])
    return OK


def _log_end(service: str, error: Exception, explained: tuple[int, str] | None) -> int:
    """A service of `bridge up` says in its log why it ends."""
    import structlog

    from bridge.logging import configure

    configure(service)
    log = structlog.get_logger(__name__)
    if explained is None:
        log.error("ended by a fault", exc_info=error)
        return FAILED
    log.error(explained[1])
    return explained[0]


def _log_quietly() -> None:
    """A verb's answer is what it prints; its log is for what went wrong."""
    from bridge import env
    from bridge.logging import configure

    configure("shell", pretty=True, level=env.text("BRIDGE_LOG_LEVEL", "warning"))


if __name__ == "__main__":
    sys.exit(main())
