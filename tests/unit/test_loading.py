"""Where systems come from, and what is said where one cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.systems import SYSTEMS
from bridge.systems.loading import load
from sync.errors import ConfigError

GADGETS = """
from sync.declare import Entity, System
from sync.fields import Text
from sync.sources.rest import Rest, RestClient

gadgets = Entity(name="gadgets", source=Rest(path="/gadgets"), key=("id",), fields={"id": Text()})
client = lambda: RestClient("workshop", "http://127.0.0.1:9")
system = System(name="workshop", client=client, entities=(gadgets,))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(entry: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load([], [entry])
    assert caught.value.code == "bad_systems"
    assert "\n" not in caught.value.message
    return caught.value.message


def test_each_system_that_ships_can_be_loaded() -> None:
    assert [system.name for system in load(SYSTEMS, [])] == list(SYSTEMS)


def test_a_choice_of_them_is_in_the_order_chosen() -> None:
    assert [system.name for system in load(["apismith", "netsuite"], [])] == ["apismith", "netsuite"]


def test_a_module_in_the_working_directory_is_added(folder: Path) -> None:
    (folder / "workshop_one.py").write_text(GADGETS)

    assert [system.name for system in load(["netsuite"], ["workshop_one"])] == ["netsuite", "workshop"]


@pytest.mark.parametrize("form", ["{folder}/workshop.py", "workshop.py", "./workshop.py"])
def test_a_file_is_added(folder: Path, form: str) -> None:
    (folder / "workshop.py").write_text(GADGETS)

    assert [system.name for system in load([], [form.format(folder=folder)])] == ["workshop"]


def test_a_module_may_have_several_systems(folder: Path) -> None:
    (folder / "several.py").write_text(
        GADGETS.replace("system = ", "one = ")
        + 'systems = [one, System(name="other", client=client, entities=())]'
    )

    assert [system.name for system in load([], ["several"])] == ["workshop", "other"]


def test_a_builtin_system_that_does_not_ship_is_named_with_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"BRIDGE_BUILTIN_SYSTEMS names 'netsuit'.* did you mean 'netsuite'"
    ):
        load(["netsuit"], [])


def test_a_module_that_is_not_there_is_named(folder: Path) -> None:
    assert "names 'nowhere_to_be_found', but there is no such module" in refusal("nowhere_to_be_found")


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    assert f"names the file {folder}/gone.py, but there is none" in refusal("gone.py")


def test_a_module_without_a_system_is_told_to_have_one(folder: Path) -> None:
    (folder / "empty_one.py").write_text("x = 1")

    assert "empty_one has no `system`: give it one" in refusal("empty_one")


def test_a_system_of_another_kind_is_refused(folder: Path) -> None:
    (folder / "wrong_kind.py").write_text("system = {'name': 'x'}")

    assert "`system` in wrong_kind is a dict" in refusal("wrong_kind")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_library\n", "line 1: ModuleNotFoundError: No module named 'no_such_library'"),
        ("x = 1\ndef broken(:\n", "line 2: SyntaxError"),
        (
            GADGETS.replace("key=(", "kee=("),
            "line 6: TypeError: Entity.__init__() got an unexpected keyword argument 'kee'",
        ),
        ("raise RuntimeError\n", "line 1: RuntimeError: no words"),
        ("raise SystemExit(3)\n", "line 1: SystemExit: 3"),
    ],
)
def test_a_file_that_breaks_names_its_line(folder: Path, text: str, said: str) -> None:
    (folder / "broken.py").write_text(text)

    assert said in refusal("broken.py")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("entities=(gadgets,)", "entities=gadgets", "the entities of the system 'workshop' is a Entity"),
        ("client=client", "client=client()", "it must be a function that makes the client"),
        ('key=("id",)', 'key="id"', "the key of workshop.gadgets is a str: it must be a tuple of names"),
        ("Text()}", "'text'}", "the field 'id' of workshop.gadgets is a str: it must be one of sync.fields"),
        ('key=("id",)', 'key=("id",), freshness="5 min"', "must be a time, such as minutes(5)"),
        ('key=("id",)', 'key=("id",), parents=5', "must be a tuple of parents"),
        ('key=("id",)', 'key=("id",), retry=5', "it must be Backoff(1, 10, 60) or Exponential("),
        ('key=("id",)', 'key=("id",), lane="id"', "it must be a Record() or Business('field')"),
    ],
)
def test_a_thing_of_the_wrong_kind_is_named(folder: Path, right: str, wrong: str, said: str) -> None:
    (folder / "mistaken.py").write_text(GADGETS.replace(right, wrong))

    assert said in refusal("mistaken.py")


POST = """
from sync.commands import Approval, Callback, Command, Compensation, Proven
from sync.declare import Backoff, Signed, System

mail = Command(name="mail", payload=dict, send=lambda intent: Proven())
system = System(name="post", client=lambda: None, entities=(), commands=(mail,))
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "retry=5",
            "the retry of the command post.mail is a int: it must be Backoff(1, 10, 60) or Exponential(",
        ),
        ("retry=Backoff('5')", "it must be Backoff(1, 10, 60) or Exponential("),
        ("lane='to'", "the lane of the command post.mail is a str"),
        ("settles=5", "it must be a tuple of seconds, such as (5, 30, 120)"),
        ("find='x'", "it must be a function of the Intent that returns Proven, Absent or Unsure"),
        ("path=5", "it must be a path as a text"),
        ("largest='1'", "it must be a whole number"),
        ("approval=2", "it must be an Approval(…)"),
        ("approval=Approval(persons='2')", "the persons of the approval of post.mail is a str"),
        ("compensation='tear'", "it must be a Compensation(…)"),
        ("compensation=Compensation(command='tear', payload={})", "it must be a function"),
        ("callback=Callback(signed=None, read=dict)", "it must be a Signed(…) or a SignedForm(…)"),
        ("callback=Callback(signed=Signed(variable='A'), read='x')", "it must be a function of the fields"),
        (
            "callback=Callback(signed=Signed(variable=5), read=dict)",
            "the variable of the signature of post.mail",
        ),
    ],
)
def test_a_thing_of_the_wrong_kind_in_a_command_is_named(folder: Path, more: str, said: str) -> None:
    (folder / "mistaken.py").write_text(POST.replace("payload=dict", f"payload=dict, {more}"))

    assert said in refusal("mistaken.py")


@pytest.mark.parametrize("wrong", ["commands=mail", "commands=[mail]", "commands=(dict,)"])
def test_what_are_no_commands_is_told_before_anything_reads_them(folder: Path, wrong: str) -> None:
    (folder / "mistaken.py").write_text(POST.replace("commands=(mail,)", wrong))

    assert "it must be a tuple of commands, such as (Command(…),)" in refusal("mistaken.py")


def test_either_policy_of_retries_is_taken_of_entities_and_commands(folder: Path) -> None:
    policy = "retry=Exponential(base=1, cap=300, tries=8)"
    imported = "from sync.declare import Entity, Exponential, "
    (folder / "gadgets.py").write_text(
        GADGETS.replace('key=("id",)', f'key=("id",), {policy}').replace(
            "from sync.declare import Entity, ", imported
        )
    )
    (folder / "post.py").write_text(
        POST.replace("payload=dict", f"payload=dict, {policy}").replace(
            "import Backoff", "import Exponential"
        )
    )

    assert [system.name for system in load([], ["gadgets.py", "post.py"])] == ["workshop", "post"]


def test_two_systems_of_one_name_are_refused(folder: Path) -> None:
    (folder / "again.py").write_text(GADGETS.replace('"workshop"', '"netsuite"'))

    with pytest.raises(ConfigError, match="Two systems are called 'netsuite'"):
        load(["netsuite"], ["again.py"])
