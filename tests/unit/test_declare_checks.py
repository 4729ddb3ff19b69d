"""What `manage.py check` says about declarations: each fault with its number and a hint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.record_list import PAGING
from bridge.systems import SYSTEMS
from bridge.systems.loading import load
from sync.checks import PARAMETERS, check
from sync.commands import Approval, Callback, Command, Compensation, SignedForm
from sync.declare import (
    Backoff,
    Budget,
    Business,
    Cron,
    Deletes,
    Entity,
    Every,
    Exponential,
    Parent,
    Push,
    Record,
    Signed,
    System,
    Webhook,
    XRateLimit,
)
from sync.fields import Bytes, Date, Decimal, Field, FirstOf, Integer, Join, Json, Text, Timestamp
from sync.formats import format_problem
from sync.registry import Registry
from sync.sources.rest import RestClient
from tests.letters import Letter, mail, read_report

FIELDS: dict[str, Field] = {
    "id": Integer(required=True),
    "name": Text(),
    "changed": Timestamp(),
    "details": Json(),
    "maker": Integer(),
}


def entity(**changes: Any) -> Entity:
    return Entity(**{"name": "gadgets", "source": None, "key": ("id",), "fields": FIELDS, **changes})


def system(*entities: Entity, **changes: Any) -> System:
    def client() -> RestClient:
        return RestClient("shop", "http://127.0.0.1:9")

    return System(**{"name": "shop", "client": client, "entities": entities, **changes})


def found(*systems: System) -> list[tuple[str, str]]:
    known = Registry()
    known.fill(systems)
    messages = check(known)
    assert all(message.hint for message in messages)
    return [(str(message.id), f"{message.obj}: {message.msg} {message.hint}") for message in messages]


def test_the_systems_that_ship_are_declared_well() -> None:
    assert found(*load(SYSTEMS, [])) == []


def test_a_plain_declaration_is_well() -> None:
    makers = entity(name="makers")
    child = entity(
        cursor="changed",
        version="changed",
        volatile=("changed",),
        filters=("name", "title"),
        computed={"title": FirstOf("name", Join("id", "name"))},
        parents=(Parent(entity="makers", by={"maker": "id"}), Parent(entity="shop.gadgets", by={"id": "id"})),
        aliases=("gadget",),
        owns_name=True,
        page_size=10_000,
        schedule=Cron("0 3 * * 1", zone="Europe/Berlin"),
    )

    assert found(system(makers, child)) == []


@pytest.mark.parametrize(
    ("changes", "number", "words"),
    [
        ({"name": "Gadgets"}, "E001", "its name 'Gadgets' cannot be used"),
        ({"fields": {**FIELDS, "unit-price": Text()}}, "E001", "the field 'unit-price'"),
        ({"key": ()}, "E002", "it has no key"),
        ({"key": ("idd",)}, "E002", "'idd' in its key is not one of its fields. Did you mean 'id'?"),
        ({"key": ("details",)}, "E002", "'details', which is nested"),
        ({"cursor": "chnged"}, "E003", "Did you mean 'changed'?"),
        ({"cursor": "details"}, "E003", "of the kind json. Choose a field of the kind timestamp or"),
        ({"version": "name"}, "E004", "of the kind text. Choose a field of the kind timestamp or integer"),
        ({"version": "rowversion"}, "E004", "Its fields are id, name, changed, details, maker."),
        ({"volatile": ("chnaged",)}, "E005", "Did you mean 'changed'?"),
        ({"filters": ("nam",)}, "E006", "Did you mean 'name'?"),
        ({"filters": ("details",)}, "E006", "its filter 'details' is nested"),
        (
            {"fields": {**FIELDS, "limit": Text()}, "filters": ("limit",)},
            "E006",
            "its filter 'limit' is a parameter of every list",
        ),
        ({"parents": (Parent(entity="gadget", by={"id": "id"}),)}, "E007", "Did you mean"),
        ({"parents": (Parent(entity="gadgets", by={"mker": "id"}),)}, "E007", "Did you mean 'maker'?"),
        (
            {"parents": (Parent(entity="gadgets", by={"maker": "name"}),)},
            "E007",
            "its whole key, each once: 'id'",
        ),
        ({"parents": (Parent(entity="gadgets", by={}),)}, "E007", "its whole key"),
        ({"computed": {"name": FirstOf("id")}}, "E008", "'name' is both read and computed"),
        ({"computed": {"title": FirstOf("nme", Join("id"))}}, "E008", "Did you mean 'name'?"),
        ({"computed": {"title": FirstOf(Join("idd"))}}, "E008", "Did you mean 'id'?"),
        ({"name": "orders", "owns_name": True}, "E009", "one of the API's own"),
        ({"aliases": ("health",), "owns_name": True}, "E009", "one of the API's own"),
        ({"name": "shop", "owns_name": True}, "E009", "which is a system's"),
        ({"name": "history"}, "E009", "is reserved"),
        ({"page_size": 10_001}, "E012", "From 1 to MAX_BATCH_SIZE, which is 10000"),
        ({"page_size": 0}, "E012", "its page_size is 0"),
    ],
)
def test_it_finds(changes: dict[str, Any], number: str, words: str) -> None:
    ((id_, said),) = found(system(entity(**changes)))

    assert id_ == f"sync.{number}"
    assert words in said
    assert said.startswith("shop.")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Text(max_length=0), "has max_length=0"),
        (Text(max_length=2, allowed=("abc",)), "allows 'abc', longer than max_length"),
        (Text(pattern="("), "has the pattern '(', which cannot be read"),
        (Text(pattern="(?=x)"), "cannot look ahead"),
        (Text(allowed=("a",), default="b"), "has the default 'b', which is not allowed"),
        (
            Date(default="today"),
            'has a default that cannot be read: "today" is not a date such as 2025-12-08',
        ),
        (Date(formats=("yyyy-mm-dd",)), "has the format 'yyyy-mm-dd'"),
        (Timestamp(formats=("%Y-%m-%d %H:%M:%S.%f",)), "has the format '%Y-%m-%d %H:%M:%S.%f'"),
        (Date(formats=("%Y-%Q",)), "%Q is nothing that dates are written with"),
        (Timestamp(formats=("%Y-%m-%dT%H:%M:%S%",)), "% is nothing that dates are written with"),
        (Integer(minimum=2, maximum=1), "goes from 2 to 1"),
        (Decimal(minimum="ten"), "the bound 'ten', which is not a number"),
        (Decimal(minimum="1.5", maximum="1.25"), "goes from 1.5 to 1.25"),
        (Date(formats=()), "has no formats"),
        (Timestamp(fraction=2), "has fraction=2"),
        (Timestamp(zone="Europe/Atlantis"), "the unknown time zone 'Europe/Atlantis'"),
        (Timestamp(zones={"CET": "Europe/Atlantis"}), "the unknown time zone 'Europe/Atlantis'"),
        (Timestamp(zones={"CET": "+25:00"}), "the unknown time zone '+25:00'"),
        (Timestamp(zones={"MEZ ": "Europe/Berlin"}), "has the zone's name 'MEZ '"),
        (Date(formats=("%d-%b-%y",)), "It reads years of two digits: declare the first year they may mean"),
        (Date(formats=("%d-%b-%y",), pivot=1900), "has pivot=1900"),
        (Date(formats=("%Y-%m-%d", "%d.%m.%Y", "%m.%d.%Y")), "which read '03.02.2001' differently"),
        (Timestamp(formats=("%d/%m/%Y %H:%M %Z", "%m/%d/%Y %H:%M %Z")), "differently"),
        (Text(max_bytes=0), "has max_bytes=0"),
        (Bytes(max_bytes=0), "has max_bytes=0"),
        (Json(nulls=("-",)), "has nulls, but is nested"),
        (Integer(digits=0), "has digits=0"),
        (Decimal(digits=5), "has digits or rounding, but no places"),
        (Decimal(rounding="down"), "has digits or rounding, but no places"),
        (Decimal(places=200), "has places=200"),
        (Text(default="", empty_is_null=True), "has the default '', which means none"),
        (Text(trim="both"), "has trim='both'. One of True, False, 'end'."),  # type: ignore[arg-type]
        (Decimal(places=1, rounding="up"), "has rounding='up'"),  # type: ignore[arg-type]
    ],
)
def test_it_finds_limits_that_no_value_meets(field: Field, words: str) -> None:
    ((id_, said),) = found(system(entity(fields={**FIELDS, "extra": field})))

    assert id_ == "sync.E013"
    assert f"its field 'extra' {words}" in said or words in said


@pytest.mark.parametrize("name", sorted({*PAGING, "as_of", "include"}))
def test_no_filter_takes_the_name_of_a_parameter(name: str) -> None:
    assert name in PARAMETERS


@pytest.mark.parametrize(
    "form", ["%Y-%m-%dT%H:%M:%S%.3fZ", "%d.%m.%Y %-I:%M %p", "%Y%m%d%H%M%S%.f%:z", "100%% %F %T%#z", "%s"]
)
def test_a_format_of_known_directives_is_well(form: str) -> None:
    assert format_problem(form) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"freshness": timedelta(0)}, "its freshness is not above 0"),
        ({"overlap": timedelta(seconds=-1)}, "its overlap is below 0"),
        ({"max_parallel": 0}, "its max_parallel is 0"),
        ({"retry": Backoff(1, -1)}, "seconds before a retry"),
        ({"retry": Backoff(1, float("inf"))}, "seconds before a retry"),
        ({"retry": Exponential(base=-1)}, "wait from -1 up to"),
        ({"retry": Exponential(base=60, cap=10)}, "wait from 60 up to 10"),
        ({"retry": Exponential(cap=float("nan"))}, "up to nan"),
        ({"retry": Exponential(tries=-1)}, "retried -1 times"),
        ({"schedule": Every(timedelta(0))}, "its schedule is every 0:00:00"),
        ({"schedule": Cron("0 3 * *")}, "'0 3 * *' is not a cron expression"),
        ({"schedule": Cron("0 25 * * *")}, "'0 25 * * *' is not a cron expression"),
        ({"schedule": Cron("0 0 30 2 *")}, "'0 0 30 2 *' never fires"),
        ({"schedule": Cron("0 3 * * *", zone="Nowhere")}, "There is no time zone 'Nowhere'"),
    ],
)
def test_it_finds_times_that_make_no_sense(changes: dict[str, Any], words: str) -> None:
    ((id_, said),) = found(system(entity(**changes)))

    assert id_ == "sync.E014"
    assert words in said


@pytest.mark.parametrize(
    "lane", [Business("order"), (Record(), Record("makers")), Record("gadgets", by={"id": "no"})]
)
def test_it_finds_lanes_that_have_nothing_to_be_named_by(lane: Any) -> None:
    ((id_, said),) = found(system(entity(lane=lane)))

    assert id_ == "sync.E024"
    assert "its lane" in said


def test_lanes_of_the_key_are_well() -> None:
    assert found(system(entity(lane=(Record(), Business("id"))))) == []


def test_it_finds_a_system_that_may_run_nothing() -> None:
    ((id_, said),) = found(system(entity(), max_parallel=0))

    assert (id_, "its max_parallel is 0" in said) == ("sync.E014", True)


def test_it_finds_a_budget_that_is_mistyped() -> None:
    ((id_, said),) = found(system(entity(), budget=Budget(per_second=1e9)))

    assert (id_, "its budget has per_second=1000000000.0" in said) == ("sync.E014", True)


def test_it_finds_a_rate_that_lets_nothing_through() -> None:
    ((id_, said),) = found(system(entity(), budget=Budget(per_second=0)))

    assert (id_, "its budget has per_second=0" in said) == ("sync.E014", True)


@pytest.mark.parametrize("redirects", [True, -1, 6])
def test_it_finds_redirects_that_are_no_number_a_read_may_follow(redirects: int) -> None:
    ((id_, said),) = found(system(entity(), redirects=redirects))

    assert (id_, f"its redirects is {redirects}" in said) == ("sync.E014", True)
    assert found(system(entity(), redirects=5)) == []


@pytest.mark.parametrize("name", ["jobs", "api", "far_end"])
def test_it_finds_a_system_with_a_reserved_name(name: str) -> None:
    ((id_, said),) = found(system(entity(), name=name))

    assert (id_, "is reserved" in said) == ("sync.E009", True)


def test_it_finds_a_bare_name_that_two_claim() -> None:
    ((id_, said),) = found(system(entity(owns_name=True)), system(entity(owns_name=True), name="other"))

    assert id_ == "sync.E010"
    assert said.startswith("shop.gadgets and other.gadgets: more than one owns the bare name 'gadgets'")


def test_it_finds_two_entities_of_one_name() -> None:
    ((id_, said),) = found(system(entity(), entity(name="other", aliases=("gadgets",))))

    assert (id_, "'gadgets' names more than one" in said) == ("sync.E011", True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": {"code": "nothing"}}, "'nothing' is no field"),
        ({"parents": {"maker_id": "makers"}}, "'makers' is no parent"),
        ({"numbers": ("price",)}, "'price' in `numbers` is no field there"),
        ({"batch": 5000}, "batch is 5000"),
    ],
)
def test_a_wrong_push_is_told(changes: dict[str, Any], words: str) -> None:
    push = Push(**{"target": "hub", "path": "/gadgets", "fields": {"code": "name"}, **changes})

    ((number, said),) = found(system(entity(targets=(push,))))

    assert number == "sync.E020"
    assert words in said


@pytest.mark.parametrize("deletes", [Deletes(share=1.5), Deletes(rows=-1), Deletes(keep_days=0)])
def test_deletes_that_make_no_sense(deletes: Deletes) -> None:
    assert [code for code, _ in found(system(entity(deletes=deletes)))] == ["sync.E015"]


@pytest.mark.parametrize(
    ("of_entity", "changes", "words"),
    [
        ({}, {"key": {}}, "does not name the whole key"),
        ({}, {"key": {"id": "id", "name": "name"}}, "does not name the whole key"),
        ({}, {"row": "gadget"}, "a late one would overwrite newer data"),
        ({"cursor": "changed"}, {"act": "event"}, "a late one would delete a record that came back"),
        ({"deletes": None}, {"act": "event", "at": "at"}, "its records are never deleted"),
        ({"cursor": "changed"}, {"version": "changed"}, "compares with nothing"),
        ({}, {"largest": 0}, "takes at most 0 bytes"),
        ({}, {"signed": Signed(variable="geheim")}, "is no environment variable's name"),
        ({}, {"signed": Signed(variable="A", signs=("body",))}, "has a signature over ('body',)"),
        ({}, {"signed": Signed(variable="A", window=timedelta(0))}, "has a window of 0:00:00"),
    ],
)
def test_a_wrong_webhook_is_told(of_entity: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    webhook = Webhook(**{"signed": Signed(variable="SHOP_SECRET"), "key": {"id": "id"}, **changes})

    ((number, said),) = found(system(entity(webhook=webhook, **of_entity)))

    assert number == "sync.E021"
    assert words in said


def test_good_webhooks_are_well() -> None:
    signed = Signed(variable="SHOP_SECRET", signs=("timestamp", "body"))
    rows = Webhook(signed=signed, key={"id": "data.id"}, row="data", at="at", act="event", version="data.id")
    keys = Webhook(signed=signed, key={"id": "id"})

    assert found(system(entity(webhook=rows, version="id"), entity(name="others", webhook=keys))) == []


def command(**changes: Any) -> Command:
    return Command(**{"name": "mail", "payload": Letter, "send": mail, **changes})


def test_a_plain_command_is_well() -> None:
    assert found(system(entity(), commands=(command(path="orders", lane=Business("to")),))) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Mail"}, "lower case"),
        ({"name": "settle"}, "API needs"),
        ({"payload": dict}, "no serializer"),
        ({"path": "jobs"}, "taken"),
        ({"path": "/Orders"}, "has the path"),
        ({"settles": ()}, "looks after"),
        ({"settles": (5, -1)}, "looks after"),
        ({"settles": (30, 5)}, "looks after"),
        ({"retry": Backoff(-1)}, "retry policy"),
        ({"find_retry": Backoff(-1)}, "find_retry"),
        ({"on_refusal": "ignore"}, "on_refusal"),
        (
            {"callback": Callback(signed=SignedForm(variable="a word"), read=read_report)},
            "no environment variable's name",
        ),
        (
            {"callback": Callback(signed=SignedForm(variable="A"), read=read_report, largest=0)},
            "a callback that takes at most 0 bytes",
        ),
        (
            {"callback": Callback(signed=Signed(variable="A", signs=("id",)), read=read_report)},
            "signature over",
        ),
        ({"largest": 0}, "bytes"),
        ({"approval": Approval(persons=0)}, "approval of 0"),
        ({"compensation": Compensation(command="gone", payload=lambda _i, _p: {})}, "unknown command"),
        ({"lane": Business("nothing")}, "lane reads"),
    ],
)
def test_what_is_wrong_with_a_command(changes: dict[str, Any], words: str) -> None:
    ((code, message),) = found(system(entity(), commands=(command(**changes),)))

    assert code in ("sync.E023", "sync.E024")
    assert words in message


def test_two_commands_of_one_name_or_path_are_refused() -> None:
    twice = found(system(entity(), commands=(command(), command())))
    shared = found(system(entity(), commands=(command(path="a"), command(name="ring", path="a"))))

    assert "declared twice" in twice[0][1]
    assert len(shared) == 2


def test_rate_headers_that_no_answer_has_are_refused() -> None:
    ((id_, said),) = found(system(entity(), rate_headers=XRateLimit(reset="seconds", prefix="X Rate:")))

    assert (id_, "prefix 'X Rate:'" in said) == ("sync.E014", True)
