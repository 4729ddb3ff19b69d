"""Pages read ahead on a thread of their own, while the batch before them is worked."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from django.db import connections

from sync.pipeline.run import Run
from sync.sources import Page

AHEAD = 256
BYTES_AHEAD = 96 * 1024 * 1024
"""Pages held ready, whichever bound is met first: memory is bounded whatever the size of table and rows.

So many that the far end goes on being asked while the memo of a million records is read.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbered:
    """A page with its number in the run; `last` where no page follows in the whole run."""

    no: int
    page: Page
    last: bool
    size: int  # bytes of its rows


@dataclass(frozen=True, slots=True)
class _End:
    """No page follows: because of an error, or because there is none."""

    error: BaseException | None = None


class PageStream:
    """The pages still to be read, in order. Errors of the far end come out of `take` where they arose."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ready: queue.Queue[Numbered | _End] = queue.Queue(AHEAD)
        self._end: _End | None = None
        self._given_back: Numbered | None = None
        self.taken = 0  # rows of the pages that were taken
        self._closed = threading.Event()
        self._held = 0  # bytes of the pages that are ready; only a bound, so a lost update would not matter
        # What this context asks by, and what its log lines carry, counts for the thread too.
        read = partial(copy_context().run, self._read)
        self._thread = threading.Thread(target=read, name="read-ahead", daemon=True)
        self._thread.start()

    def take(self, timeout: float | None = None) -> Numbered | None:
        """The next page; None when there is none any more. Raises queue.Empty after `timeout` seconds.

        The end, an error too, is told each time it is asked for: nothing comes after it to wait for.
        """
        if (again := self._given_back) is not None:
            self._given_back = None
            return again
        item = self._end or self._ready.get(timeout=timeout)
        if isinstance(item, Numbered):
            self._held -= item.size
            self.taken += len(item.page.rows)
            return item
        self._end = item
        if item.error is not None:
            raise item.error
        return None

    def give_back(self, numbered: Numbered) -> None:
        """Have the next `take` give this page again."""
        self._given_back = numbered

    def close(self) -> None:
        """Stop reading; a request under way ends by itself."""
        self._closed.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join(timeout=5)

    def _read(self) -> None:
        try:
            for numbered in self._pages():
                if not self._put(numbered):
                    return
            self._put(_End())
        except BaseException as error:
            self._put(_End(error))
        finally:
            connections.close_all()  # the session's look at the budget opened one for this thread

    def _pages(self) -> Iterator[Numbered]:
        client = self._run.registered.system.client()
        segments = self._run.segments
        for place, segment in enumerate(segments):
            final = place == len(segments) - 1
            no = segment.first
            empty = True
            for page in self._allowed(
                client.pages(self._run.registered.entity.source, self._run.ask(segment))
            ):
                empty = False
                at_end = page.next is None or (segment.stop is not None and no + 1 >= segment.stop)
                size = sum(map(len, page.rows))
                yield Numbered(no=no, page=page, last=final and at_end, size=size)
                no += 1
                if at_end:
                    break
            if empty and final:
                nothing = Page(rows=(), asked_at=datetime.now(UTC), next=None)
                yield Numbered(no=no, page=nothing, last=True, size=0)

    def _allowed(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Each page is asked for when it is taken: before that the run may be put off."""
        part = self._run.part
        while True:
            if part is not None:
                part.allow()
            page = next(pages, None)
            if page is None:
                return
            yield page

    def _put(self, item: Numbered | _End) -> bool:
        while not self._closed.is_set():
            if self._held > BYTES_AHEAD and not self._ready.empty():
                self._closed.wait(0.01)
                continue
            try:
                self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            self._held += item.size if isinstance(item, Numbered) else 0
            return True
        return False
