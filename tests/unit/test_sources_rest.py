"""The ready-made client for JSON over HTTP, against an HTTP server of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sync.errors import ConfigError, TransientError
from sync.http import Session
from sync.sources import Ask, By, Page, Window, windows_of
from sync.sources.paging import Cursor, Offset, PageNumber
from sync.sources.rest import Rest, RestClient
from tests.wire import Asked, Said, Wire, said

NAMES = ["a", "b", "c", "d", "e"]


def client(wire: Wire) -> RestClient:
    return RestClient("shop", wire.url, session=Session("shop", wire.url, gate=None))


def pages(wire: Wire, resource: Rest, **ask: Any) -> list[Page]:
    return list(client(wire).pages(resource, Ask(**{"page_size": 2, **ask})))


def rows(found: list[Page]) -> list[str]:
    return [json.loads(row)["id"] for page in found for row in page.rows]


def by_offset(asked: Asked) -> Said:
    begin = int(asked.params["offset"])
    end = begin + int(asked.params["limit"])
    items = [{"id": name} for name in NAMES[begin:end]]
    return said({"data": {"items": items}, "total": len(NAMES), "meta": {"more": end < len(NAMES)}})


def by_number(asked: Asked) -> Said:
    size = int(asked.params["page_size"])
    begin = (int(asked.params["page"]) - 1) * size
    return said({"items": [{"id": name} for name in NAMES[begin : begin + size]]})


def by_cursor(asked: Asked) -> Said:
    begin = int(asked.params.get("cursor", "0"))
    after = begin + int(asked.params["limit"])
    items = [{"id": name} for name in NAMES[begin:after]]
    return said({"items": items, "next": str(after) if after < len(NAMES) else None})


def test_a_window_is_asked_for_with_the_declared_parameters() -> None:
    resource = Rest(
        path="/x",
        since_param="since",
        until_param="until",
        key_params=("min", "below"),
        paging=Offset(total="total"),
    )
    with Wire(lambda asked: said({"items": [], "total": 0})) as wire:
        pages(wire, resource, window=Window(by="key", low="1", high="5"))
        pages(wire, resource, window=Window(by="cursor", low="a", high="b"))

        plain = {"limit": "2", "offset": "0"}
        assert [asked.params for asked in wire.asked] == [
            {**plain, "min": "1", "below": "5"},
            {**plain, "since": "a", "until": "b"},
        ]
        assert windows_of(resource) == {"key", "cursor"}


@pytest.mark.parametrize("by", ["key", "cursor"])
def test_a_window_that_cannot_be_asked_for_is_refused(by: By) -> None:
    resource = Rest(path="/x", since_param="since")
    with Wire(lambda asked: said({"items": []})) as wire:
        with pytest.raises(ConfigError, match=f"no windows by {by}: declare its") as caught:
            pages(wire, resource, window=Window(by=by, low="1", high="2"))

        assert windows_of(resource) == frozenset()
    assert caught.value.code == "no_windows"


def test_a_resource_that_says_nothing_of_windows_has_none() -> None:
    assert windows_of(object()) == frozenset()


KINDS: list[tuple[Callable[[Asked], Said], Rest]] = [
    (by_offset, Rest(path="/x", items="data.items", paging=Offset(total="total"))),
    (by_offset, Rest(path="/x", items="data.items", paging=Offset(more="meta.more"))),
    (by_offset, Rest(path="/x", items="data.items", paging=Offset())),
    (by_number, Rest(path="/x", paging=PageNumber())),
    (by_cursor, Rest(path="/x", paging=Cursor())),
]


@pytest.mark.parametrize(("answering", "resource"), KINDS)
def test_pages_cover_every_row_once(answering: Callable[[Asked], Said], resource: Rest) -> None:
    with Wire(answering) as wire:
        found = pages(wire, resource)

    assert rows(found) == NAMES
    assert [page.next is None for page in found] == [False, False, True]


@pytest.mark.parametrize(("answering", "resource"), KINDS)
def test_it_goes_on_exactly_after_any_page(answering: Callable[[Asked], Said], resource: Rest) -> None:
    with Wire(answering) as wire:
        found = pages(wire, resource)
        for place, page in enumerate(found[:-1], start=1):
            # As it comes back from the database, and with another page size than the run began with.
            resume = json.loads(json.dumps(page.next))
            assert rows(pages(wire, resource, resume=resume, page_size=3)) == rows(found[place:])


def test_a_total_is_told_where_the_far_end_tells_it() -> None:
    with Wire(by_offset) as wire:
        told = pages(wire, Rest(path="/x", items="data.items", paging=Offset(total="total")))
        untold = pages(wire, Rest(path="/x", items="data.items", paging=Offset(more="meta.more")))

    assert {page.total for page in told} == {5}
    assert {page.total for page in untold} == {None}


def test_it_asks_for_no_more_rows_than_the_far_end_gives() -> None:
    with Wire(by_offset) as wire:
        found = pages(wire, Rest(path="/x", items="data.items", paging=Offset(largest=2)), page_size=1000)

        assert rows(found) == NAMES
        assert {asked.params["limit"] for asked in wire.asked} == {"2"}


def test_it_asks_since_a_cursor_and_with_the_fixed_parameters() -> None:
    resource = Rest(path="/x", since_param="changed_after", params={"status": "any"}, paging=Offset())
    with Wire(lambda asked: said({"items": []})) as wire:
        pages(wire, resource, since="2026-01-02T03:04:05Z")
        pages(wire, resource)

        assert wire.asked[0].params == {
            "changed_after": "2026-01-02T03:04:05Z",
            "status": "any",
            "limit": "2",
            "offset": "0",
        }
        assert "changed_after" not in wire.asked[1].params


def test_rows_keep_their_bytes() -> None:
    one, two = b'{"id": 1.10, "big":1e3,\n "n": 12345678901234567890123 }', rb'{"id":"\u00e9"}'
    with Wire(lambda asked: Said(body=b'{"items" : [ ' + one + b" ,\n" + two + b' ] ,"x":1}')) as wire:
        (page,) = pages(wire, Rest(path="/x"), page_size=1000)

    assert page.rows == [one, two]


def test_the_answer_itself_may_be_the_array() -> None:
    with Wire(lambda asked: said([{"id": "a"}])) as wire:
        assert rows(pages(wire, Rest(path="/x", items=None))) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Maintenance</html>",
        b"[]",
        b'{"rows":[]}',
        b'{"items":{}}',
        b'{"items":[1',
        b"\xff",
        b"null",
    ],
)
def test_another_envelope_than_expected_is_named(body: bytes) -> None:
    with Wire(lambda asked: Said(body=body)) as wire, pytest.raises(TransientError) as caught:
        pages(wire, Rest(path="/x"))

    assert caught.value.code == "bad_envelope"
    assert "is not a JSON object with an array `items`" in caught.value.message


@pytest.mark.parametrize(
    ("answering", "resource"),
    [
        (lambda asked: said({"items": [{"id": "a"}, {"id": "b"}]}), Rest(path="/x")),
        (lambda asked: said({"items": [], "total": 9}), Rest(path="/x", paging=Offset(total="total"))),
        (lambda asked: said({"items": [], "total": "many"}), Rest(path="/x", paging=Offset(total="total"))),
        (
            lambda asked: said({"items": [{"id": asked.params}], "next": "n"}),
            Rest(path="/x", paging=Cursor()),
        ),
    ],
    ids=["the same page for ever", "more, but no rows", "a total in words", "a cursor that leads to itself"],
)
def test_pages_that_would_never_end_are_refused(answering: Callable[[Asked], Said], resource: Rest) -> None:
    with Wire(answering) as wire, pytest.raises(TransientError) as caught:
        pages(wire, resource)

    assert caught.value.code == "bad_envelope"


def test_one_record_is_read_by_its_key() -> None:
    with Wire(lambda asked: said({"id": "a/b", "price": 1.5})) as wire:
        resource = Rest(path="/x", key_path="/x/{id}/of/{shop}")
        found = client(wire).one(resource, {"id": "a/b", "shop": "ü"})

        assert wire.asked[0].path == "/x/a%2Fb/of/%C3%BC"
    assert found
    assert found.rows == [b'{"id": "a/b", "price": 1.5}']


def test_one_record_may_lie_deeper() -> None:
    with Wire(lambda asked: Said(body=b'{"data":{"item": {"id":1.0} }}')) as wire:
        found = client(wire).one(Rest(path="/x", key_path="/x/{id}", item="data.item"), {"id": "1"})

    assert found
    assert found.rows == [b'{"id":1.0}']


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"nonsense"])
def test_one_record_must_be_an_object(body: bytes) -> None:
    with (
        Wire(lambda asked: Said(body=body)) as wire,
        pytest.raises(TransientError, match="not a JSON object"),
    ):
        client(wire).one(Rest(path="/x", key_path="/x/{id}"), {"id": "1"})


def test_a_record_that_is_not_found_is_none() -> None:
    with Wire(lambda asked: said({}, 404)) as wire:
        assert client(wire).one(Rest(path="/x", key_path="/x/{id}"), {"id": "1"}) is None


def test_a_list_that_is_not_found_is_a_matter_of_configuration() -> None:
    with Wire(lambda asked: said({}, 404)) as wire, pytest.raises(ConfigError) as caught:
        pages(wire, Rest(path="/x"))

    assert caught.value.code == "no_such_path"


def test_a_resource_without_a_key_path_says_so() -> None:
    with Wire(lambda asked: said({})) as wire, pytest.raises(ConfigError) as caught:
        client(wire).one(Rest(path="/x"), {"id": "1"})

    assert caught.value.code == "not_read_by_key"


def test_the_check_asks_for_its_path() -> None:
    with Wire(lambda asked: said({}, 401)) as wire:
        session = Session("shop", wire.url, gate=None)
        with pytest.raises(ConfigError, match="Check the credentials"):
            RestClient("shop", wire.url, session=session, check_path="/ping").check()

        assert wire.asked[0].path == "/ping"
