"""What operators do to schedules."""

from __future__ import annotations

from unfold.enums import ActionVariant

from admin_ui.acts import Act
from sync.jobs import schedules

RUN = Act(
    name="run",
    title="Run now",
    icon="play_arrow",
    variant=ActionVariant.PRIMARY,
    question="Ask for its work now, beside its slots?",
    done="{count} asked to run.",
    call=lambda key, by, remark: schedules.run_now(int(key), by=by, reason=remark or None),
    remark="optional",
)
ON = Act(
    name="switch_on",
    title="Switch on",
    icon="toggle_on",
    question="Let it run again? It counts from now; what was missed is not made up for.",
    done="{count} switched on.",
    call=lambda key, by, remark: schedules.switch(int(key), on=True, by=by, reason=remark or None),
    remark="optional",
)
OFF = Act(
    name="switch_off",
    title="Switch off",
    icon="toggle_off",
    question="Let it ask for nothing until it is switched on?",
    done="{count} switched off.",
    call=lambda key, by, remark: schedules.switch(int(key), on=False, by=by, reason=remark or None),
    remark="optional",
)
RESET = Act(
    name="reset",
    title="Reset",
    icon="settings_backup_restore",
    question="Let it be what its declaration says?",
    done="{count} as declared.",
    call=lambda key, by, remark: schedules.reset(int(key), by=by, reason=remark or None),
    remark="optional",
)
DELETE = Act(
    name="delete_added",
    title="Delete",
    icon="delete",
    variant=ActionVariant.DANGER,
    question="Delete it? Jobs that it asked for stay.",
    done="{count} deleted.",
    call=lambda key, by, remark: schedules.delete(int(key), by=by, reason=remark or None),
    remark="optional",
)
