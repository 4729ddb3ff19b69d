"""What was said to far ends: kept by policy, cut, and without secrets."""

from __future__ import annotations

from typing import Any

import pytest
from requests import PreparedRequest
from requests.auth import AuthBase

from sync.errors import FatalError
from sync.http import Session, raise_for_status
from sync.jobs.claim import Claim
from sync.models import Exchange, Job
from sync.outbound.inspector import LONGEST_BODY
from tests.integration.jobs.conftest import Register, ask, run
from tests.wire import Said, Wire, said

SECRET = "hunter2-is-a-secret"


class Key(AuthBase):
    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Api-Key"] = SECRET
        request.headers["Authorization"] = f"Custom {SECRET}"
        headers: dict[str, Any] = {"Accept": b"application/json"}  # as those leave it that sign by OAuth 1.0
        request.headers.update(headers)
        return request


def asking(wire: Wire, times: int = 1) -> Any:
    """A handler that asks so often, and ends well unless it is refused."""

    def handler(claim: Claim) -> None:
        session = Session("erp", wire.url, auth=Key())
        for number in range(times):
            params: dict[str, str | int] = {"page": number, "token": SECRET}
            answer = session.request(
                "POST", "/things", params=params, json={"password": SECRET, "name": "Lamp"}
            )
            raise_for_status(answer)
        claim.finish({})

    return handler


def asked(handle: Register, wire: Wire, kind: str = "work", times: int = 1) -> Job:
    handle(asking(wire, times), kind)
    job = ask(kind)
    run(job)
    return job


def refused(handle: Register) -> Job:
    with Wire(lambda asked: said({"error": "no", "api_key": SECRET}, 400, Set_Cookie=SECRET)) as wire:
        return asked(handle, wire)


def test_the_exchange_that_failed_an_attempt_is_kept_without_secrets(handle: Register) -> None:
    job = refused(handle)

    (kept,) = Exchange.objects.filter(job=job)
    assert (kept.attempt, kept.system, kept.method, kept.status, kept.error) == (1, "erp", "POST", 400, None)
    assert kept.address.endswith("/things")
    assert kept.params == {"page": "0", "token": "***"}
    assert kept.sent_headers["Content-Type"] == kept.sent_headers["Accept"] == "application/json"
    assert kept.sent_headers["X-Api-Key"] == kept.sent_headers["Authorization"] == "***"
    assert kept.headers["Set-Cookie"] == "***"
    assert '"name": "Lamp"' in kept.sent
    assert SECRET not in repr(vars(kept))


def test_where_no_answer_came_its_error_is_kept(handle: Register) -> None:
    with Wire(lambda asked: None) as wire:
        job = asked(handle, wire)

    (kept,) = Exchange.objects.filter(job=job)
    assert (kept.status, kept.error, kept.body) == (None, "far_end_unreachable", "")
    assert "Lamp" in kept.sent


def test_each_redirect_that_was_followed_is_kept_without_secrets(handle: Register) -> None:
    to = Said(status=302, headers={"Location": f"/there?sig={SECRET}"})

    def reading(claim: Claim) -> None:
        session = Session("erp", wire.url, auth=Key(), redirects=1)
        raise_for_status(session.request("GET", "/here"))

    with Wire(lambda asked: to if asked.path == "/here" else said({}, 400)) as wire:
        handle(reading, "work")
        job = ask("work")
        run(job)

    first, second = Exchange.objects.filter(job=job).order_by("id")
    assert [one.status for one in (first, second)] == [302, 400]
    assert [one.address for one in (first, second)] == [f"{wire.url}/here", f"{wire.url}/there"]
    assert first.headers["Location"] == "/there"
    assert SECRET not in repr([vars(first), vars(second)])


def test_bodies_are_cut_and_their_size_is_told(handle: Register) -> None:
    with Wire(lambda asked: Said(status=500, body=b"x" * 100_000)) as wire:
        job = asked(handle, wire)

    (kept,) = Exchange.objects.filter(job=job)
    assert (len(kept.body), kept.size) == (LONGEST_BODY, 100_000)


@pytest.mark.parametrize(("kind", "kept"), [("refresh", 3), ("work", 0)])
def test_of_what_ended_well_the_last_ones_are_kept_only_where_people_ask(
    handle: Register, kind: str, kept: int
) -> None:
    with Wire(lambda asked: said({})) as wire:
        job = asked(handle, wire, kind, times=5)

    pages = [one.params["page"] for one in Exchange.objects.filter(job=job)]
    assert pages == ["2", "3", "4"][3 - kept :]


def test_of_what_failed_no_more_than_the_last_twenty_are_kept(handle: Register) -> None:
    answers = iter([said({})] * 30 + [said({}, 400)])
    with Wire(lambda asked: next(answers)) as wire:
        job = asked(handle, wire, times=31)

    pages = [one.params["page"] for one in Exchange.objects.filter(job=job)]
    assert pages == [str(number) for number in range(11, 31)]


def test_an_error_before_any_request_keeps_nothing(handle: Register) -> None:
    def fail(claim: Claim) -> None:
        raise FatalError("no")

    handle(fail)
    run(ask())

    assert not Exchange.objects.exists()
