"""The parameters of the kinds of jobs that people ask for, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.errors import InvalidRequest
from sync.registry import Registered
from sync.start import asked_params, most_pages
from sync.targets.asking import dedup as dedup_of_push
from sync.targets.asking import push_of

Params = dict[str, Any]
MOST_PAGE_SIZE = 100_000


def sync(registered: Registered, given: Mapping[str, Any]) -> Params:
    since = _text(given, "since")
    params = asked_params(registered, since=since, full=_truth(given, "full"))
    if (size := _whole(given, "page_size")) is not None:
        if not 1 <= size <= MOST_PAGE_SIZE:
            raise _bad(f"page_size is {size}: write a whole number from 1 to {MOST_PAGE_SIZE}.")
        params["page_size"] = size
    return params


def dry_run(registered: Registered, given: Mapping[str, Any]) -> Params:
    params = asked_params(registered, since=_text(given, "since"), full=_truth(given, "full"))
    pages = _whole(given, "pages")
    return params if pages is None else {**params, "pages": most_pages(pages)}


def of_target(registered: Registered, given: Mapping[str, Any]) -> Params:
    target = _text(given, "target")
    if target is None:
        raise _bad('Name the target: {"target": "schedulehub"}.')
    dry = {"dry_run": True} if _truth(given, "dry_run") else {}
    return {"target": push_of(registered, target).target, **dry}


def push_dedup(registered: Registered, params: Params) -> str | None:
    return None if params.get("dry_run") else dedup_of_push(registered, push_of(registered, params["target"]))


def reconcile_dedup(registered: Registered, params: Params) -> str | None:
    return f"reconcile:{params['target']}:{registered.path}:{bool(params.get('dry_run'))}"


def _truth(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise _bad(f"{name} must be true or false.")
    return value


def _whole(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise _bad(f"{name} must be a whole number.")
    return value


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _bad(f"{name} must be a text.")
    return value


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_parameter")
