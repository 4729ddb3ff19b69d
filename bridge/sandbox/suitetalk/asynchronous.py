"""Requests sent with `Prefer: respond-async`: a job for each, and the only place where an idempotency key counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bridge.sandbox.exchange import Request, Response, json_response
from bridge.sandbox.store import StoreError
from bridge.sandbox.suitetalk.errors import VendorError, no_such_record

JOBS = "/services/rest/async/v1/job/"
KEY = "x-netsuite-idempotency-key"
PREFERENCE = "respond-async"


def is_asynchronous(request: Request) -> bool:
    """Whether a request asks to be worked later. Without that it is worked at once, and its key is not looked at."""
    return request.method != "GET" and PREFERENCE in request.headers.get("prefer", "")


@dataclass(frozen=True, kw_only=True)
class _Job:
    number: int
    # What a synchronous request would have been answered.
    outcome: Response


class Jobs:
    """The asynchronous jobs of one account; each is done by the time its Location is known. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: list[_Job] = []
        self._by_key: dict[str, _Job] = {}

    def submit(self, request: Request, work: Callable[[], Response]) -> Response:
        """Do the work and answer 202 with the job's place; a key that was used before is a conflict."""
        key = request.headers.get(KEY)
        with self._lock:
            known = self._by_key.get(key) if key else None
            if known is not None:
                return replace(_conflict(), headers={"Location": _place(request, known)})
            job = _Job(number=len(self._jobs) + 1, outcome=_outcome(work))
            self._jobs.append(job)
            if key:
                self._by_key[key] = job
        headers = {"Location": _place(request, job), "Preference-Applied": PREFERENCE}
        return Response(status=202, headers=headers)

    def answer(self, request: Request, rest: list[str]) -> Response:
        """Answer …/job/{id}[/task/{id}[/result]]. Raises VendorError."""
        job = self._find(rest[0])
        if request.method != "GET":
            raise VendorError(
                405, "METHOD_NOT_ALLOWED", f"{request.method} is not supported at this address."
            )
        match rest[1:]:
            case []:
                task = {"links": [{"rel": "self", "href": f"{request.url}/task/1"}]}
                return json_response({**_progress(job), "task": task})
            case ["task", "1"]:
                return json_response(_progress(job))
            case ["task", "1", "result"]:
                return job.outcome
        raise no_such_record()

    def clear(self) -> None:
        """Forget all jobs and keys."""
        with self._lock:
            self._jobs, self._by_key = [], {}

    def _find(self, name: str) -> _Job:
        with self._lock:
            if name.isascii() and name.isdigit() and 1 <= int(name) <= len(self._jobs):
                return self._jobs[int(name) - 1]
        raise no_such_record()


def _progress(job: _Job) -> dict[str, object]:
    progress = "succeeded" if job.outcome.status < 400 else "failed"
    return {"id": str(job.number), "completed": True, "progress": progress}


def _outcome(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except VendorError as error:
        return error.response()
    except StoreError as error:
        return VendorError(400, "USER_ERROR", str(error)).response()


def _place(request: Request, job: _Job) -> str:
    """Where the job is, under the address that this request came to."""
    parts = urlsplit(request.url)
    mounted = parts.path.partition("/services/")[0]
    return f"{parts.scheme}://{parts.netloc}{mounted}{JOBS}{job.number}"


def _conflict() -> Response:
    detail = "A request with this idempotency key was sent before. See the job at Location."
    return VendorError(400, "IDEMPOTENCY_ERROR", detail, title="Conflict").response()
