"""One noun a file; the tables themselves are in the migrations' SQL."""

from sync.models.attempt import Attempt
from sync.models.audit import AuditEntry, AuditLink
from sync.models.backfill import Backfill, BackfillDay, BackfillWindow
from sync.models.batch import Batch
from sync.models.budget import Budget
from sync.models.change import Change
from sync.models.command import Command, Effect
from sync.models.delete_proposal import DeleteProposal
from sync.models.delivery import Delivery, DeliveryCount, TargetCursor
from sync.models.entity import EntityRow
from sync.models.error_group import ErrorGroup
from sync.models.exchange import Exchange
from sync.models.failed_record import FailedRecord
from sync.models.fleet import Fleet, Worker
from sync.models.inbound import Inbound
from sync.models.job import Job
from sync.models.job_event import JobEvent
from sync.models.lane import LaneRow
from sync.models.mapping import Mapping
from sync.models.pending_child import PendingChild
from sync.models.record import Record, RecordRow, RecordVersion
from sync.models.schedule import Schedule
from sync.models.scope_limit import ScopeLimit
from sync.models.source_column import SourceColumn
from sync.models.tracker import Tracker

__all__ = [
    "Attempt",
    "AuditEntry",
    "AuditLink",
    "Backfill",
    "BackfillDay",
    "BackfillWindow",
    "Batch",
    "Budget",
    "Change",
    "Command",
    "DeleteProposal",
    "Delivery",
    "DeliveryCount",
    "Effect",
    "EntityRow",
    "ErrorGroup",
    "Exchange",
    "FailedRecord",
    "Fleet",
    "Inbound",
    "Job",
    "JobEvent",
    "LaneRow",
    "Mapping",
    "PendingChild",
    "Record",
    "RecordRow",
    "RecordVersion",
    "Schedule",
    "ScopeLimit",
    "SourceColumn",
    "TargetCursor",
    "Tracker",
    "Worker",
]
