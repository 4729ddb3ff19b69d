"""Finds the declared systems: the ones that ship, and modules or files named in BRIDGE_SYSTEMS."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from bridge.systems import SYSTEMS
from sync.check_kinds import wrong_kind
from sync.declare import System
from sync.errors import ConfigError

CODE = "bad_systems"


def load(builtin: Iterable[str], outside: Iterable[str]) -> list[System]:
    """The systems, in order. Raises ConfigError (bad_systems) with one sentence that says what to mend."""
    systems = [system for name in builtin for system in _systems_of(_shipped(name), name)]
    for entry in outside:
        systems += _systems_of(_module(entry), entry)
    twice = [name for name, count in Counter(system.name for system in systems).items() if count > 1]
    if twice:
        raise _wrong(f"Two systems are called {twice[0]!r}: rename one, or leave one out of BRIDGE_SYSTEMS.")
    return systems


def _shipped(name: str) -> ModuleType:
    if name not in SYSTEMS:
        near = get_close_matches(name, SYSTEMS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(SYSTEMS)}."
        raise _wrong(f"BRIDGE_BUILTIN_SYSTEMS names {name!r}, which does not ship with Bridge: {hint}")
    return importlib.import_module(SYSTEMS[name])


def _module(entry: str) -> ModuleType:
    try:
        if entry.endswith(".py") or os.sep in entry:
            return _from_file(Path(entry).expanduser().absolute())
        return importlib.import_module(entry)
    except ConfigError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (entry == error.name or entry.startswith(f"{error.name}.")):
            raise _wrong(
                f"BRIDGE_SYSTEMS names {entry!r}, but there is no such module in the working directory or"
                " installed: correct the name, or give the path of its .py file."
            ) from error
        raise _broken(entry, error) from error
    except (Exception, SystemExit) as error:  # whatever a module of somebody else's does when it is imported
        raise _broken(entry, error) from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise _wrong(f"BRIDGE_SYSTEMS names the file {path}, but there is none: correct the path.")
    name = f"system_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise _wrong(f"BRIDGE_SYSTEMS names {path}, which is not a Python file: give it the ending .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _systems_of(module: ModuleType, entry: str) -> list[System]:
    if hasattr(module, "system"):
        found = [module.system]
    elif hasattr(module, "systems"):
        found = list(module.systems)
    else:
        raise _wrong(f"{entry} has no `system`: give it one, system = System(name=…, client=…, entities=…).")
    for system in found:
        if not isinstance(system, System):
            kind = type(system).__name__
            raise _wrong(f"`system` in {entry} is a {kind}: it must be a System of sync.declare.")
        if problem := wrong_kind(system):
            raise _wrong(f"In {entry} {problem}")
    return found


def _broken(entry: str, error: BaseException) -> ConfigError:
    place = ""
    if isinstance(error, SyntaxError):
        place = f", line {error.lineno}"
    elif frames := [frame for frame in traceback.extract_tb(error.__traceback__) if _theirs(frame.filename)]:
        place = f", {Path(frames[-1].filename).name} line {frames[-1].lineno}"
    said = str(error).splitlines()[0] if str(error) else "no words"
    return _wrong(f"BRIDGE_SYSTEMS: {entry} cannot be imported{place}: {type(error).__name__}: {said}")


def _theirs(filename: str) -> bool:
    """Whether a frame is neither ours nor Python's import machinery."""
    machinery = ("<", __file__)
    return not filename.startswith(machinery) and "importlib" not in filename and "-packages" not in filename


def _wrong(sentence: str) -> ConfigError:
    return ConfigError(sentence, code=CODE)
