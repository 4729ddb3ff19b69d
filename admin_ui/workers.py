"""Workers: who was heard of lately, and whether it takes jobs."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from admin_ui import render
from admin_ui.acts import Act, on_all, on_many, on_one
from admin_ui.page import Page
from admin_ui.site import site
from sync.jobs import fleet
from sync.models import Worker

DRAIN = Act(
    name="drain",
    title="Drain",
    icon="pause",
    question="Let it take no more jobs? What runs now may end by itself for a while, then it is handed back.",
    done="{count} drained.",
    call=lambda name, by, remark: fleet.drain(worker=name, by=by, reason=remark or None),
    remark="optional",
)
RESUME = Act(
    name="resume",
    title="Resume",
    icon="play_arrow",
    question="Let it take jobs again?",
    done="{count} resumed.",
    call=lambda name, by, remark: fleet.resume(worker=name, by=by, reason=remark or None),
    remark="optional",
)
DRAIN_ALL = replace(
    DRAIN,
    name="drain_all",
    title="Drain all",
    question="Let no worker take jobs, those that start later neither? What runs now may end by itself for a while,"
    " then it is handed back.",
    done="All are drained.",
    call=lambda _, by, remark: fleet.drain(by=by, reason=remark or None),
)
RESUME_ALL = replace(
    RESUME,
    name="resume_all",
    title="Resume all",
    question="Let all workers take jobs again?",
    done="All take jobs again.",
    call=lambda _, by, remark: fleet.resume(by=by, reason=remark or None),
)


@admin.register(Worker, site=site)
class WorkersPage(Page):
    """One row a worker process."""

    detail_title = "Worker"
    list_display = ("name", "standing", "version", "serves", "takes", "running", "started", "heard")
    list_display_links = ("name",)
    actions = ("drain_many", "resume_many")
    actions_detail = ("drain_one", "resume_one")
    actions_list = ("drain_all", "resume_all")
    fields = (
        ("name", "standing"),
        ("version", "serves"),
        ("takes", "running"),
        ("started_both", "heard_both"),
    )

    drain_one, drain_many = on_one(DRAIN), on_many(DRAIN)
    resume_one, resume_many = on_one(RESUME), on_many(RESUME)
    drain_all, resume_all = on_all(DRAIN_ALL), on_all(RESUME_ALL)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Those that live."""
        return fleet.living()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with what each runs and whether all are drained, in a query each."""
        listed = super().get_changelist_instance(request)
        running, drained = fleet.running_by_worker(), _fleet(request)["draining_since"]
        for worker in listed.result_list:
            worker.__dict__ |= {"jobs": running.get(worker.name, 0), "all_drained": drained}
        return listed

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; who drained all, and why, stands above it."""
        state = _fleet(request)
        if request.method == "GET" and state["draining_since"]:
            why = f": {state['reason']}" if state["reason"] else ""
            since = render.stamp(state["draining_since"])
            messages.warning(request, f"All are drained since {since} by {state['drained_by']}{why}.")
        return super().changelist_view(request, extra_context)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """Drain all that take jobs, or let all take them again."""
        fits = RESUME_ALL.name if _fleet(request)["draining_since"] else DRAIN_ALL.name
        return [button for button in super().get_actions_list(request) if button.path == fits]

    def acts_of(self, shown: Worker) -> Container[str]:
        """Drain what takes jobs, resume what was drained by itself."""
        if shown.draining_since:
            return (RESUME.name,)
        return () if fleet.state()["draining_since"] else (DRAIN.name,)

    @display(description="State")
    def standing(self, worker: Any) -> SafeString:
        """Whether it takes jobs."""
        known = worker.__dict__
        all_drained = known["all_drained"] if "all_drained" in known else fleet.state()["draining_since"]
        if worker.draining_since or all_drained:
            return render.label("drained", "warning")
        return render.label("takes jobs", "success")

    @display(description="Queues")
    def serves(self, worker: Worker) -> str:
        """Whose jobs it takes."""
        return ", ".join(worker.queues)

    @display(description="Kinds")
    def takes(self, worker: Worker) -> str:
        """What kinds of jobs it was limited to."""
        return ", ".join(worker.kinds) or "all"

    @display(description="Started", ordering="started_at")
    def started(self, worker: Worker) -> str | SafeString:
        """How long ago."""
        return render.ago(worker.started_at)

    @display(description="Heard", ordering="heard_at")
    def heard(self, worker: Worker) -> str | SafeString:
        """How long ago it last said that it lives."""
        return render.ago(worker.heard_at)

    @display(description="Started")
    def started_both(self, worker: Worker) -> str | SafeString:
        """When, exactly."""
        return render.both(worker.started_at)

    @display(description="Heard")
    def heard_both(self, worker: Worker) -> str | SafeString:
        """When it last said that it lives."""
        return render.both(worker.heard_at)

    @display(description="Running")
    def running(self, worker: Any) -> int:
        """Its jobs that run now."""
        known: int | None = worker.__dict__.get("jobs")
        return fleet.running(worker.name) if known is None else known


def _fleet(request: HttpRequest) -> dict[str, Any]:
    """Whether all are drained, looked up once a request."""
    if "fleet" not in request.__dict__:
        request.__dict__["fleet"] = fleet.state()
    found: dict[str, Any] = request.__dict__["fleet"]
    return found
