"""What all pages share: they only show, and acts need the permission to operate, here and on the server."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display
from unfold.views import ChangeList

from admin_ui.access import may_operate, require_operate
from admin_ui.render import NONE

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    class UnfoldAdmin(ModelAdmin[Any]):
        """Unfold's own annotations contradict Django's: this is what our pages use of it."""

        def get_actions_list(self, request: HttpRequest) -> list[Any]: ...

        def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]: ...

else:
    from unfold.admin import ModelAdmin as UnfoldAdmin


class PageList(ChangeList):
    """A list that says how many rows there are of all only where it left some out."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows; an unfiltered list is all of them, so nothing is counted twice."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class Page(UnfoldAdmin):
    """A table's list and detail, read-only. What differs from page to page is said by `acts_of` and `detail`."""

    detail_title = ""  # where `detail` names none

    empty_value_display = NONE

    change_form_template: ClassVar[Any] = "admin_ui/detail.html"
    list_per_page = 50
    show_full_result_count = False  # a second count(*) over the whole table for each list
    list_filter_submit = True
    show_facets = ShowFacets.NEVER  # a count over the whole table for each choice of each filter
    compressed_fields = True
    actions: Any = ()

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows come from the engine."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are changed by acts only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are kept."""
        return False

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The permission that every act here asks for."""
        return may_operate(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        """The list's own class."""
        return PageList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; an act sent by someone who may only look is refused (Django would just ignore it)."""
        if request.method == "POST" and {"action", ACTION_CHECKBOX_NAME} & set(request.POST):
            require_operate(request)
        return super().changelist_view(request, extra_context)

    def acts_of(self, shown: Any) -> Container[str]:
        """The names of the acts that make sense for a row as it stands."""
        return _EVERY

    def detail(self, request: HttpRequest, shown: Any) -> dict[str, Any]:
        """What a row's own page shows beside the table's columns; called for those who may see it."""
        return {}

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons of the acts that make sense."""
        shown = self.get_object(request, unquote(str(object_id)))
        acts: Container[str] = () if shown is None else self.acts_of(shown)
        offered = super().get_actions_detail(request, object_id)
        return [button for button in offered if button.path.rsplit("/", 1)[-1] in acts]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The detail."""
        context = {"title": self.detail_title, **(extra_context or {})}
        shown = self.get_object(request, unquote(object_id or ""))
        if shown is not None and self.has_view_permission(request, shown):
            context |= self.detail(request, shown)
        return self.render_detail(request, object_id, context)

    def render_detail(
        self, request: HttpRequest, object_id: str | None, context: dict[str, Any]
    ) -> HttpResponse:
        """Show a detail page with more to show than the table's own columns."""
        if object_id is None:
            raise PermissionDenied
        return super().changeform_view(request, object_id, "", context)


class EntityPage(Page):
    """A page of rows that belong to an entity."""

    list_select_related: ClassVar[Any] = ("entity",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the entity."""
        return super().get_queryset(request).select_related("entity")

    @display(description="Entity", ordering="entity__path")
    def of_entity(self, shown: Any) -> str:
        """The entity's path."""
        return shown.entity.path if shown.entity else NONE


class _Every:
    def __contains__(self, name: object) -> bool:
        return True


_EVERY = _Every()
