"""A pytest plugin for the tests of a system outside: `addopts = -p bridge.testing` in pytest.ini.

It loads the systems named in `bridge_systems` (pytest.ini) or BRIDGE_SYSTEMS. The database of `bridge_database` is made
by the first test that asks for it: on a server of its own that ends with pytest, or on that of DATABASE_URL, under
another name. Nothing that Bridge keeps is touched.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sync.testing import FarEnd

SILENCE = "2"
"""Seconds after which a far end's silence is a timeout, in place of 30."""
PUBLIC_URL = "https://bridge.invalid"
"""What far ends are told to call back at."""
_FOLDER = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option and the names in pytest.ini."""
    words = "ask the real far ends, and write their answers into the files that the tests load"
    parser.addoption("--bridge-record", action="store_true", help=words)
    parser.addini("bridge_systems", "modules or .py files of systems, as in BRIDGE_SYSTEMS", type="args")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load the systems before any file of the tests, which may import them."""
    from bridge.env import EnvError

    try:
        _set_up(early_config)
    except EnvError as error:
        raise pytest.UsageError(error.sentence) from error


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what was kept for this run."""
    if folder := config.stash.get(_FOLDER, None):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _nobody_real() -> Iterator[None]:
    """A test that would have asked a real far end fails, also where its own code took the refusal for an answer."""
    from sync.testing.far_end import complain

    yield
    complain()


@pytest.fixture
def far_end(request: pytest.FixtureRequest) -> Iterator[FarEnd]:
    """The far end of the system under test; where there are several, `with FarEnd("name")` names one.

    Files that it loads lie beside the test.
    """
    from django.conf import settings

    from bridge.systems.loading import load
    from sync.testing import FarEnd

    systems = [system.name for system in load((), settings.BRIDGE_SYSTEMS)]
    if len(systems) != 1:
        pytest.fail(f'far_end is for one system, and these are loaded: {systems}. Use `with FarEnd("name")`.')
    recording = request.config.getoption("--bridge-record")
    with FarEnd(systems[0], recording=recording, folder=request.path.parent) as running:
        yield running


@pytest.fixture
def bridge_database(_bridge_tables: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """An empty Bridge in a real PostgreSQL, with the tables of the systems; commits are real."""
    from sync.testing.emptying import empty

    with _unblocked(request):
        empty()
        yield


@pytest.fixture(scope="session")
def _bridge_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    with ExitStack() as stack:
        _start_server(stack)
        stack.enter_context(_unblocked(request))
        stack.enter_context(_tables())
        yield


def _set_up(config: pytest.Config) -> None:
    if "bridge.settings" in sys.modules:
        return
    config.stash[_FOLDER] = os.environ["BRIDGE_DATA_DIR"] = tempfile.mkdtemp(prefix="bridge-tests-")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
    os.environ.setdefault("BRIDGE_PUBLIC_URL", PUBLIC_URL)
    _name_systems(config)
    if not config.getoption("--bridge-record", default=False):
        os.environ.setdefault("BRIDGE_HTTP_TIMEOUT", SILENCE)
    import django

    from sync.errors import ConfigError

    try:
        django.setup()
    except ConfigError as error:
        raise pytest.UsageError(error.message) from error
    from sync.outbound.stand_in import guard
    from sync.testing.far_end import refuse

    guard(refuse)


def _name_systems(config: pytest.Config) -> None:
    from bridge import env

    sys.path.append(str(config.rootpath))  # where pytest.ini is, the modules it names are
    if named := config.getini("bridge_systems"):
        os.environ["BRIDGE_SYSTEMS"] = ",".join(named)
    if env.listing("BRIDGE_SYSTEMS"):
        os.environ.setdefault("BRIDGE_BUILTIN_SYSTEMS", ",")  # none: their tables would be made for nothing
    elif not env.listing("BRIDGE_BUILTIN_SYSTEMS"):
        words = "Say which system is tested: `bridge_systems = shop` in pytest.ini, or BRIDGE_SYSTEMS=shop."
        raise pytest.UsageError(words)


def _start_server(stack: ExitStack) -> None:
    """A server of its own, where no DATABASE_URL names one: at the address that the settings were given."""
    from bridge import database, env
    from bridge.errors import StartError
    from bridge.postgres import throwaway

    try:
        if url := env.secret("DATABASE_URL"):
            database.check_server(url)
        else:
            stack.enter_context(throwaway(Path(os.environ["BRIDGE_DATA_DIR"])))
    except StartError as error:
        pytest.fail(error.sentence, pytrace=False)


@contextmanager
def _tables() -> Iterator[None]:
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    from sync.http import SHARED

    name = connections["default"].settings_dict["TEST"]["NAME"] = f"bridge_tests_{os.getpid()}"
    old: Any = None
    with suppress(SystemExit):  # Django's way to say that it may not; its words are in the output
        old = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    if old is None:
        pytest.fail(f"{name} could not be made: may the role of DATABASE_URL make databases?", pytrace=False)
    try:
        yield
    finally:
        SHARED.close()
        teardown_databases(old, verbosity=0)


def _unblocked(request: pytest.FixtureRequest) -> Any:
    """pytest-django, where it is installed, keeps tests from the database unless they ask by its own fixtures."""
    if not request.config.pluginmanager.hasplugin("django"):
        return nullcontext()
    return request.getfixturevalue("django_db_blocker").unblock()
