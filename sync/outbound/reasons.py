"""Why no answer came, in words without secrets."""

from __future__ import annotations

import urllib3

from sync.outbound.answers import shortened


def reason(error: BaseException) -> str:
    """What went wrong, without the library's own text: it repeats the URL with its query."""
    for cause in _causes(error):
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "its name is not known"
        if isinstance(cause, urllib3.exceptions.SSLError):
            return f"no secure connection ({shortened(str(cause.args[0] if cause.args else cause))})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return "it hung up before its answer was complete"


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            todo += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found
