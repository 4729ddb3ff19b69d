"""The nine stages, in order. A stage is a function from Batch to Batch."""

from __future__ import annotations

from collections.abc import Callable

from sync.pipeline.batch import Batch
from sync.pipeline.delta import delta
from sync.pipeline.fetch import fetch
from sync.pipeline.identity import identify
from sync.pipeline.ingest import ingest
from sync.pipeline.mapping import apply_mapping
from sync.pipeline.normalize import normalize
from sync.pipeline.resolve import resolve
from sync.pipeline.track import track
from sync.pipeline.validate import validate

Stage = Callable[[Batch], Batch]

PURE: tuple[Stage, ...] = (normalize, validate, apply_mapping, identify)
COMMITTED: tuple[Stage, ...] = (delta, resolve, ingest, track)
STAGES: tuple[Stage, ...] = (fetch, *PURE, *COMMITTED)
