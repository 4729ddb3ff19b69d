"""Acts on one and on many: one declaration gives the button of the detail page and the action of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_ui.access import actor
from sync.audit import Actor
from sync.errors import BridgeError

MOST_AT_ONCE = 500
"""Objects one click may act on: each is a commit of milliseconds and a browser waits for all of them."""
SHOWN_REFUSALS = 5
LONGEST_REMARK = 500

Call = Callable[[str, Actor, str], object]
"""The engine's verb: id of the object, who acts, the remark (empty where none was given)."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something an operator can do to an object."""

    name: str  # in addresses: retry
    title: str  # on the button: Re-run
    question: str  # in the dialog
    done: str  # after a number: "re-run"
    call: Call
    remark: Literal["none", "optional", "required"] = "none"
    # Given an object's id, what to choose from in place of writing a remark: value and words.
    choices: Callable[[str], Sequence[tuple[str, str]]] | None = None
    # A form of its own in the dialog of one object, and the verb with what was written there.
    form: type[BaseDialogForm] | None = None
    call_with: Callable[[Mapping[str, Any]], Call] | None = None
    icon: str = ""  # of Material Symbols
    variant: ActionVariant = ActionVariant.DEFAULT


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an act on some objects."""

    done: int
    refused: tuple[str, ...]  # the engine's own words


def perform(act: Act, ids: Iterable[str], *, by: Actor, remark: str) -> Outcome:
    """Do it to each, every one in a commit of its own: one that is refused does not undo the others."""
    done, refused = 0, []
    for object_id in ids:
        try:
            with transaction.atomic():
                act.call(object_id, by, remark)
        except BridgeError as error:
            refused.append(error.message)
        else:
            done += 1
    return Outcome(done=done, refused=tuple(refused))


def on_one(act: Act) -> Any:
    """The button of the detail page: a dialog that asks, then the act."""

    def answer(page: Any, request: HttpRequest, form: forms.Form, object_id: str) -> HttpResponse:
        meant = replace(act, call=act.call_with(form.cleaned_data)) if act.call_with else act
        _tell(request, act, perform(meant, [unquote(object_id)], by=actor(request), remark=_remark(form)))
        return _go(request, reverse(f"admin:{_names(page)}_change", args=(object_id,)))

    answer.__name__ = f"{act.name}_one"
    return _button(act)(answer)


def on_all(act: Act) -> Any:
    """The button above the list, for an act on no row: a dialog that asks, then the act with an empty id."""

    def answer(page: Any, request: HttpRequest, form: forms.Form) -> HttpResponse:
        _tell(request, act, perform(act, [""], by=actor(request), remark=_remark(form)))
        return _go(request, reverse(f"admin:{_names(page)}_changelist"))

    answer.__name__ = act.name
    return _button(act)(answer)


def on_many(act: Act) -> Any:
    """The action of the list: a page that asks, then the act on all chosen, at most MOST_AT_ONCE."""

    def answer(page: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        ids = [str(key) for key in chosen.values_list("pk", flat=True)[:MOST_AT_ONCE]]
        form = _form(act)(request, data=request.POST if "_form_submitted" in request.POST else None)
        if not form.is_valid():
            return _ask(page, request, act, form, ids)
        _tell(request, act, perform(act, ids, by=actor(request), remark=_remark(form)))
        return None

    answer.__name__ = f"{act.name}_many"
    choice: Any = action(permissions=("operate",), description=act.title, variant=act.variant)
    return choice(answer)


def _button(act: Act) -> Any:
    return action(
        permissions=("operate",),
        description=act.title,
        url_path=act.name,
        icon=act.icon,
        variant=act.variant,
        dialog={
            "title": act.title,
            "description": act.question,
            "form_class": _form(act),
            "form_submit_text": act.title,
        },
    )


def _ask(page: Any, request: HttpRequest, act: Act, form: forms.Form, ids: list[str]) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "title": act.title,
        "opts": page.model._meta,
        "act": act,
        "form": form,
        "ids": ids,
        "most": MOST_AT_ONCE,
        "action": request.POST["action"],
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin_ui/confirm.html", context)


def _form(act: Act) -> type[BaseDialogForm]:
    if act.form is not None:
        return act.form
    if act.choices is not None:
        return type(f"{act.name.title()}Form", (ChoiceForm,), {"choices_of": staticmethod(act.choices)})
    if act.remark == "none":
        return BaseDialogForm
    remark = remark_field(required=act.remark == "required", autofocus=True)
    return type(f"{act.name.title()}Form", (BaseDialogForm,), {"remark": remark})


def remark_field(*, required: bool = False, **attrs: Any) -> forms.CharField:
    """Why, in a dialog."""
    return forms.CharField(
        label="Remark",
        max_length=LONGEST_REMARK,
        required=required,
        widget=UnfoldAdminTextInputWidget(attrs=attrs),
        help_text="Kept in the audit, with your name.",
    )


class ChoiceForm(BaseDialogForm):
    """A dialog whose remark is chosen from a list."""

    choices_of: ClassVar[Callable[[str], Sequence[tuple[str, str]]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = type(self).choices_of(unquote(str(self.object_id)))
        self.fields["remark"] = forms.ChoiceField(
            label="Choose", choices=found or [("", "There is none yet")], widget=UnfoldAdminSelectWidget
        )


def _remark(form: forms.Form) -> str:
    return str(form.cleaned_data.get("remark") or "")


def _tell(request: HttpRequest, act: Act, outcome: Outcome) -> None:
    if outcome.done:
        messages.success(request, act.done.format(count=outcome.done))
    for words in outcome.refused[:SHOWN_REFUSALS]:
        messages.error(request, words)
    more = len(outcome.refused) - SHOWN_REFUSALS
    if more > 0:
        messages.error(request, f"{more} more were refused.")


def _go(request: HttpRequest, path: str) -> HttpResponse:
    # The dialog posts by htmx, which would follow a redirect inside the dialog.
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": path})
    return HttpResponseRedirect(path)


def _names(page: Any) -> str:
    return f"{page.model._meta.app_label}_{page.model._meta.model_name}"
