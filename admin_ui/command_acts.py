"""What an operator does with commands: settle, approve, reject, take back."""

from __future__ import annotations

from uuid import UUID

from unfold.enums import ActionVariant

from admin_ui.acts import Act
from sync.commands import acts
from sync.commands.settle import settle

PROVEN = Act(
    name="proven",
    title="It took effect",
    icon="check",
    variant=ActionVariant.PRIMARY,
    question="You looked there, and it is done? It is not sent again.",
    done="{count} settled as proven.",
    call=lambda key, by, remark: settle(UUID(key), "proven", by=by, reason=remark),
    remark="required",
)
NOT_DONE = Act(
    name="not_done",
    title="It took no effect",
    icon="replay",
    variant=ActionVariant.DANGER,
    question="You looked there, and it is surely not done? It is sent again.",
    done="{count} settled as not done: they are sent again.",
    call=lambda key, by, remark: settle(UUID(key), "not_done", by=by, reason=remark),
    remark="required",
)
APPROVE = Act(
    name="approve",
    title="Approve",
    icon="check",
    variant=ActionVariant.PRIMARY,
    question="Let it be sent? Whoever asked for it can't approve it.",
    done="{count} approved.",
    call=lambda key, by, remark: acts.approve(UUID(key), by, remark),
    remark="optional",
)
REJECT = Act(
    name="reject",
    title="Reject",
    icon="block",
    variant=ActionVariant.DANGER,
    question="It is never sent?",
    done="{count} rejected.",
    call=lambda key, by, remark: acts.reject(UUID(key), by, remark),
    remark="optional",
)
COMPENSATE = Act(
    name="compensate",
    title="Take it back",
    icon="undo",
    variant=ActionVariant.DANGER,
    question="Ask for the command that takes back what this one did?",
    done="{count} are being taken back.",
    call=lambda key, by, remark: acts.compensate(UUID(key), by, remark),
    remark="required",
)
