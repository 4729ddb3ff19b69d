"""NetSuite's quirks: SuiteQL, windows of ids, its logins and its errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from bridge.systems.netsuite.client import NetSuite, address
from bridge.systems.netsuite.entities import customers, products
from bridge.systems.netsuite.suiteql import SuiteQL
from sync.errors import ConfigError, FatalError, TransientError
from sync.sources import Ask, By, Page, Window
from tests.sandboxed import CREDENTIALS, asked, change, delete, switch
from tests.wire import Asked, Said, Wire, said

CUSTOMER, PRODUCT = customers.source, products.source
TINY = SuiteQL(table="customer", columns=("id", "comments"), moments=("lastmodifieddate",))


def pages(source: SuiteQL = CUSTOMER, **ask: Any) -> Iterator[Page]:
    return NetSuite(gate=None).pages(source, Ask(**ask))


def ids(found: list[Page]) -> list[int]:
    return [int(json.loads(row)["id"]) for page in found for row in page.rows]


def test_the_query_reads_what_the_fields_declare() -> None:
    query = SuiteQL(
        table="item", columns=("id", "itemid"), moments=("lastmodifieddate",), days=("sellenddate",)
    )

    assert query.page(since="2025-12-08T10:30:00Z", after=17) == (
        "SELECT id, itemid, TO_CHAR(lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lastmodifieddate,"
        " TO_CHAR(sellenddate,'YYYY-MM-DD') AS sellenddate FROM item"
        " WHERE lastmodifieddate >= TO_DATE('2025-12-08 10:30:00','YYYY-MM-DD HH24:MI:SS') AND id > 17"
        " ORDER BY id"
    )
    assert query.page(since=None, after=None).endswith(" FROM item ORDER BY id")
    assert query.one(5).endswith(" FROM item WHERE id = 5")


def test_a_window_goes_beside_the_pages_own_place() -> None:
    by_key = Window(by="key", low="10", high="20")
    by_cursor = Window(by="cursor", low="2025-12-08T10:30:00Z", high="2025-12-09T00:00:00Z")

    assert TINY.page(since=None, after=17, window=by_key).endswith(
        " WHERE id >= 10 AND id < 20 AND id > 17 ORDER BY id"
    )
    assert (
        " WHERE lastmodifieddate >= TO_DATE('2025-12-08 10:30:00','YYYY-MM-DD HH24:MI:SS')"
        " AND lastmodifieddate < TO_DATE('2025-12-09 00:00:00','YYYY-MM-DD HH24:MI:SS') ORDER BY id"
    ) in TINY.page(since=None, after=None, window=by_cursor)


@pytest.mark.parametrize("window", [("key", "1 OR 1=1"), ("cursor", "yesterday'")])
def test_what_is_no_bound_never_reaches_the_query(window: tuple[By, str]) -> None:
    by, bound = window
    with pytest.raises(FatalError):
        TINY.page(since=None, after=None, window=Window(by=by, low=bound, high=bound))


def test_a_window_of_ids_is_read_in_pages(sandbox: Sandbox) -> None:
    every = ids(list(pages(PRODUCT)))

    found = list(pages(PRODUCT, window=Window(by="key", low="1", high="401"), page_size=100))

    assert ids(found) == [number for number in every if 1 <= number < 401]
    assert {page.total for page in found} == {len(ids(found))}
    assert all(page.steady for page in found)


def test_windows_of_moments_together_are_everything(sandbox: Sandbox) -> None:
    marks = ["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]

    parts = [
        ids(list(pages(PRODUCT, window=Window(by="cursor", low=low, high=high))))
        for low, high in pairwise(marks)
    ]

    assert all(parts)
    assert sorted(number for part in parts for number in part) == ids(list(pages(PRODUCT)))


@pytest.mark.parametrize(
    "since", ["2025-12-08T12:30:00+02:00", "2025-12-08T10:30:00", "2025-12-08T10:30:00.9Z"]
)
def test_since_is_written_in_utc_to_the_second(since: str) -> None:
    assert "TO_DATE('2025-12-08 10:30:00'," in TINY.page(since=since, after=None)


@pytest.mark.parametrize("since", ["yesterday", "2025-12-08') OR 1=1 --", ""])
def test_what_is_no_moment_never_reaches_the_query(since: str) -> None:
    with pytest.raises(FatalError) as caught:
        TINY.page(since=since, after=None)

    assert caught.value.code == "bad_since"


def test_all_customers_come_in_windows_of_ids(sandbox: Sandbox) -> None:
    found = list(pages())

    assert len(found) == 20
    assert ids(found) == sorted(set(ids(found)))
    assert {page.total for page in found} == {19_820}
    assert all(entry["query"] == {"limit": "1000"} for entry in asked(sandbox, "netsuite"))


def test_a_larger_page_than_netsuite_gives_is_asked_in_its_own_size(sandbox: Sandbox) -> None:
    first = next(pages(page_size=10_000))

    assert len(first.rows) == 1000


def test_rows_that_go_and_change_meanwhile_shift_no_window(sandbox: Sandbox) -> None:
    reading = pages(PRODUCT, page_size=200)
    first = next(reading)
    delete(sandbox, "netsuite/items/1")
    change(sandbox, "netsuite/items/999", '{"color":"Red"}')

    rest = list(reading)

    assert ids([first, *rest]) == sorted(set(ids([first, *rest])))
    assert len(ids([first, *rest])) == 504


def test_only_what_changed_since_is_read(sandbox: Sandbox) -> None:
    newest = max(json.loads(row)["lastmodifieddate"] for page in pages(PRODUCT) for row in page.rows)
    change(sandbox, "netsuite/items/713", '{"color":"Red"}')

    found = list(pages(PRODUCT, since=newest.replace(" ", "T") + "Z"))

    assert 713 in ids(found)
    assert len(ids(found)) == found[0].total == 2


def test_numbers_keep_their_characters(sandbox: Sandbox) -> None:
    digits = "1234567890123456789012345678901234567890"
    change(sandbox, "netsuite/customers/1", f'{{"comments": 1.10, "creditlimit": {digits}}}')

    page = NetSuite(gate=None).one(CUSTOMER, {"netsuite_id": "1"})

    assert page
    assert b'"comments":1.10,' in page.rows[0]
    assert f'"creditlimit":{digits}'.encode() in page.rows[0]


@pytest.mark.parametrize("key", ["x", "1 OR 1=1", "-1", "", "²", "1.0"])
def test_a_key_that_is_no_number_is_nobodys_and_is_not_asked_for(sandbox: Sandbox, key: str) -> None:
    assert NetSuite(gate=None).one(CUSTOMER, {"netsuite_id": key}) is None
    assert asked(sandbox, "netsuite") == []


def test_a_refused_login_may_be_overload_and_parks_when_it_repeats(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETSUITE_TOKEN_SECRET", "wrong-secret")

    with pytest.raises(TransientError, match=r"Invalid login attempt.*Login Audit Trail") as caught:
        NetSuite(gate=None).check()

    assert (caught.value.code, caught.value.parks_if_repeated) == ("invalid_login", True)
    assert not [value for value in ("wrong-secret", *CREDENTIALS.values()) if value in caught.value.message]


def test_too_many_requests_at_once_comes_in_netsuites_words(sandbox: Sandbox) -> None:
    switch(sandbox, "netsuite", "429")

    with pytest.raises(TransientError, match="Concurrent request limit exceeded") as caught:
        NetSuite(gate=None).check()

    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", None)


def test_a_column_the_account_lacks_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(FatalError, match="Field 'nonesuch' for record 'customer' was not found") as caught:
        next(pages(SuiteQL(table="customer", columns=("id", "nonesuch"))))

    assert caught.value.code == "far_end_refused"


def test_a_right_that_is_missing_is_a_matter_of_configuration(sandbox: Sandbox, monkeypatch: Any) -> None:
    details = [{"detail": "Permission Violation", "o:errorCode": "INSUFFICIENT_PERMISSION"}]
    with Wire(lambda asked: said({"o:errorDetails": details}, 403)) as wire:
        monkeypatch.setenv("NETSUITE_URL", wire.url)
        with pytest.raises(ConfigError, match=r"Permission Violation \(INSUFFICIENT_PERMISSION\)") as caught:
            NetSuite(gate=None).check()

    assert caught.value.code == "credentials_refused"


@pytest.mark.parametrize(
    "items",
    [[], [{"name": "x"}], [{"id": None}], [{"id": "x"}], [{"id": "7"}]],
    ids=["no rows", "no id", "null", "not a number", "an id before the window"],
)
def test_a_window_that_cannot_be_followed_is_not_taken_for_the_end(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, items: list[dict[str, Any]]
) -> None:
    def answering(asked: Asked) -> Said:
        return said({"items": items, "hasMore": True, "totalResults": 9})

    with Wire(answering) as wire:
        monkeypatch.setenv("NETSUITE_URL", wire.url)
        with pytest.raises(TransientError) as caught:
            next(pages(TINY, resume={"after": 7, "read": 7}))

    assert caught.value.code == "bad_envelope"


def test_an_error_page_that_is_not_netsuites_is_shown_as_it_is(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Wire(lambda asked: Said(status=502, body=b"<h1>Bad gateway</h1>")) as wire:
        monkeypatch.setenv("NETSUITE_URL", wire.url)
        with pytest.raises(TransientError, match=r"answered 502 .*<h1>Bad gateway</h1>"):
            NetSuite(gate=None).check()


def test_what_is_not_configured_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETSUITE_ACCOUNT")
    monkeypatch.delenv("NETSUITE_TOKEN_ID")

    with pytest.raises(
        ConfigError, match="set NETSUITE_ACCOUNT, NETSUITE_TOKEN_ID, or use the sandbox"
    ) as caught:
        NetSuite(gate=None)

    assert caught.value.code == "not_configured"


def test_an_account_has_its_address() -> None:
    assert address("1234567_SB1") == "https://1234567-sb1.suitetalk.api.netsuite.com"
