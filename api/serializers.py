"""What the operators' resources look like; the same classes write the answers and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.masked import MaskedField
from sync import drift
from sync.counters import complete
from sync.jobs import lane_words
from sync.models import Batch, Delivery, ErrorGroup, FailedRecord, Inbound, Job, SourceColumn, Tracker
from sync.redaction import masked


class ErrorSerializer(serializers.Serializer[Any]):
    """The one body of every error."""

    code = serializers.CharField(help_text="Stable; the list is in the description of this API.")
    message = serializers.CharField(help_text="What happened, and what to do next.")
    detail = serializers.JSONField(allow_null=True)
    request_id = serializers.CharField(help_text="As in X-Request-ID and in the log.")


class JobSerializer(serializers.Serializer[Any]):
    """A request for work."""

    id = serializers.UUIDField()
    kind = serializers.CharField(
        help_text="sync, dry_run, refresh, wake, replay, rehearse, remap, deletes, webhook, push or reconcile"
    )
    entity = serializers.CharField(
        source="entity.path", allow_null=True, help_text="Such as netsuite.customers"
    )
    status = serializers.ChoiceField(choices=Job.Status.choices)
    hold = serializers.CharField(
        allow_null=True, help_text="Why a pending job waits: backoff, lane, limit, paused …"
    )
    lanes = serializers.ListField(
        child=serializers.CharField(), help_text="What it goes through one after another with others."
    )
    priority = serializers.IntegerField()
    params = MaskedField(help_text="Secrets are masked.")
    attempts = serializers.IntegerField(help_text="Failed runs; interruptions don't count.")
    error_code = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True, help_text="The far end's words, where it had any.")
    requested_by = serializers.CharField()
    request_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    run_after = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField(allow_null=True)
    remark = serializers.CharField(allow_null=True)
    result = serializers.SerializerMethodField(help_text="A sync's: its counters, and the success rate.")
    progress = serializers.JSONField(help_text="Committed so far: batches, and each count summed over them.")

    def get_result(self, job: Job) -> dict[str, Any] | None:
        """What the job reports; counters complete, and with the success rate."""
        result: dict[str, Any] | None = job.result
        shown: dict[str, Any] | None = masked(result)
        return complete(shown) if shown and "rows_fetched" in shown else shown


class RunSerializer(serializers.Serializer[Any]):
    """One run of a job."""

    no = serializers.IntegerField(help_text="Counts all runs, the interrupted ones too.")
    worker = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_null=True)
    error_code = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True)


class EventSerializer(serializers.Serializer[Any]):
    """One line of a job's log."""

    at = serializers.DateTimeField()
    name = serializers.CharField()
    words = serializers.CharField(help_text="The event as a sentence.")
    facts = MaskedField()


class JobDetailSerializer(JobSerializer):
    """A request for work, with its runs and its log."""

    waits_for = serializers.SerializerMethodField(help_text="What it waits for that others end.")
    runs = RunSerializer(many=True, source="shown_runs")
    events = EventSerializer(many=True, source="shown_events")

    def get_waits_for(self, job: Job) -> list[str]:
        """Its lanes, a pause, a full limit, a worker."""
        return lane_words.waits_for(job)


class BatchSerializer(serializers.Serializer[Any]):
    """The unit of commit."""

    id = serializers.IntegerField()
    job_id = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="The number of its first page.")
    entity = serializers.CharField(source="entity.path")
    counts = serializers.SerializerMethodField(
        help_text="rows_fetched = inserted + updated + skipped + failed + pending; `discarded` is the part of "
        "`skipped` that somebody discarded before; with success_rate in per cent."
    )
    stage_ms = serializers.JSONField(help_text="Milliseconds in each stage.")
    first_error = serializers.CharField(allow_null=True)
    committed_at = serializers.DateTimeField()

    def get_counts(self, batch: Batch) -> dict[str, Any]:
        """Every counter, and the success rate."""
        return complete(batch.counts)


class BatchDetailSerializer(BatchSerializer):
    """The unit of commit, and how to ask for what follows it."""

    resume = serializers.JSONField()
    targets = serializers.JSONField(
        help_text="Of each target: inserted, updated, deleted, conflicts, failed, of this batch's records; "
        "and `end_to_end`, from the source to that target: rows_fetched = inserted + updated + skipped + failed "
        "+ waiting, with success_rate in per cent."
    )


class TrackerSerializer(serializers.Serializer[Any]):
    """An entity's state."""

    entity = serializers.CharField(source="entity.path")
    system = serializers.CharField(source="entity.system")
    state = serializers.ChoiceField(choices=Tracker.State.choices)
    remark = serializers.CharField()
    watermark = serializers.CharField(allow_null=True)
    last_sync_at = serializers.DateTimeField(allow_null=True)
    fresh_to = serializers.DateTimeField(allow_null=True, help_text="Every record is at least this fresh.")
    records = serializers.IntegerField(source="live_rows")
    feed_seq = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Open failed records.")
    pending = serializers.IntegerField(help_text="Rows that wait for their parent.")
    drift = serializers.IntegerField(help_text="Columns of the source that changed, not acknowledged.")
    deletes_held = serializers.CharField(
        allow_null=True, help_text="Why the last full read deletes nothing; null where it told what is gone."
    )
    deletes_held_since = serializers.DateTimeField(allow_null=True)
    last_job = serializers.UUIDField(allow_null=True)
    last_status = serializers.CharField(allow_null=True)


class FailedRecordSerializer(serializers.Serializer[Any]):
    """A row set aside."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.path")
    state = serializers.ChoiceField(choices=FailedRecord.State.choices)
    stage = serializers.CharField()
    stage_failed = serializers.CharField(source="stage", help_text="The same as stage.")
    code = serializers.CharField()
    error_type = serializers.CharField(source="code", help_text="The same as code.")
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    attempts = serializers.IntegerField()
    times_seen = serializers.IntegerField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(allow_null=True)
    remark = serializers.CharField(allow_null=True)


class FailedRecordDetailSerializer(FailedRecordSerializer):
    """A row set aside, stage by stage, with all its errors."""

    raw = serializers.CharField(
        source="raw_text", help_text="As received; bytes that are no UTF-8 are written \\xNN."
    )
    normalized = serializers.JSONField(allow_null=True)
    mapped = serializers.JSONField(allow_null=True)
    mended = serializers.JSONField(allow_null=True)
    input = serializers.JSONField(
        allow_null=True, help_text="What a retry works on; PATCH lays values over it."
    )
    mapping = serializers.IntegerField(
        help_text="The mapping that it failed under; 0 = the declaration alone."
    )
    batch_id = serializers.IntegerField()
    row_no = serializers.IntegerField()
    group = serializers.UUIDField(allow_null=True, help_text="The error group of its cause.")
    fixed_in = serializers.IntegerField(
        allow_null=True, help_text="The number of the mapping that fixes the group, as somebody said."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With `errors`, which as an attribute would hide the serializer's own."""
        told = "Each with stage, code, field, message, value."
        return {**super().get_fields(), "errors": serializers.JSONField(help_text=told)}


class PendingChildSerializer(serializers.Serializer[Any]):
    """A row that waits for its parent."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.path")
    parent_entity = serializers.CharField(source="parent_entity.path")
    synced_at = serializers.DateTimeField()
    tries = serializers.IntegerField()
    next_try_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With `data`, which as an attribute would hide the serializer's own."""
        return {**super().get_fields(), "data": serializers.JSONField()}


class ErrorGroupSerializer(serializers.Serializer[Any]):
    """Failures of one cause."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.path", allow_null=True, default=None)
    kind = serializers.ChoiceField(choices=ErrorGroup.Kind.choices)
    stage = serializers.CharField(help_text="Of a group of jobs: their kind.")
    code = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField(help_text="Of the newest member.")
    members = serializers.IntegerField(help_text="That are open, counted now.")
    state = serializers.ChoiceField(choices=ErrorGroup.State.choices)
    owner = serializers.CharField(allow_null=True)
    remark = serializers.CharField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    fixed_in = serializers.IntegerField(
        source="fixed_in.no",
        allow_null=True,
        default=None,
        help_text="The number of the mapping that fixes it.",
    )
    fixed_in_mapping = serializers.IntegerField(
        source="fixed_in_id", allow_null=True, help_text="Its id, as in /mappings/{id}."
    )
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    reopened = serializers.IntegerField(help_text="How often a new member opened it again.")


class PreviewSerializer(serializers.Serializer[Any]):
    """What a retry would do."""

    of = serializers.IntegerField(help_text="Open members.")
    tried = serializers.IntegerField(help_text="Run through the stages, and rolled back.")
    lands = serializers.IntegerField()
    waits = serializers.IntegerField(help_text="For their parent.")
    outdated = serializers.IntegerField(help_text="The mirror has something newer, or the same.")
    fails = serializers.DictField(child=serializers.IntegerField(), help_text="By code.")
    examples = serializers.ListField(child=serializers.DictField(), help_text="Some that fail again.")


class SourceColumnSerializer(serializers.Serializer[Any]):
    """A column of a source, as batches have seen it."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.path")
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=SourceColumn.State.choices)
    types = serializers.ListField(child=serializers.CharField(), help_text="Of JSON, all that were seen.")
    sparse = serializers.BooleanField(help_text="Some rows leave it out.")
    instead = serializers.CharField(allow_null=True, help_text="The new column that is probably the same.")
    message = serializers.SerializerMethodField()
    first_seen = serializers.DateTimeField(allow_null=True)
    last_seen = serializers.DateTimeField(allow_null=True)
    changed_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(allow_null=True)

    def get_message(self, column: SourceColumn) -> str:
        """In words."""
        return drift.words(column)


class InboundSerializer(serializers.Serializer[Any]):
    """A delivery of a far end."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.path", allow_null=True)
    delivery_id = serializers.CharField(help_text="The far end's own.")
    state = serializers.ChoiceField(choices=Inbound.State.choices)
    told = serializers.DictField(child=serializers.IntegerField(), help_text="rows, keys and deletes in it.")
    result = serializers.DictField(
        allow_null=True,
        help_text="inserted, updated, deleted, skipped (older or the same), pending, failed; asked_for: keys.",
    )
    repeated = serializers.IntegerField(help_text="How often it came again.")
    sent_at = serializers.DateTimeField(help_text="As the far end says.")
    received_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    job_id = serializers.UUIDField(allow_null=True)


class DeliverySerializer(serializers.Serializer[Any]):
    """One record at one target."""

    id = serializers.IntegerField()
    target = serializers.CharField()
    entity = serializers.CharField(source="entity.path")
    key_hash = serializers.UUIDField()
    remote_id = serializers.CharField(allow_null=True, help_text="The target's own id.")
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    op = serializers.CharField(help_text="c (create), u (update) or d (delete).")
    acked_revision = serializers.IntegerField(allow_null=True)
    attempts = serializers.IntegerField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField(allow_null=True, help_text="Why it waits or was refused.")
    answer = serializers.JSONField(allow_null=True, help_text="The target's words.")
    changed_at = serializers.DateTimeField()
