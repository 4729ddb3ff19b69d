"""Filters whose choices come from the registry and the code, never from DISTINCT over a large table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from sync.errors import ConfigError
from sync.registry import registry
from sync.schema import entity_id

Choices = list[tuple[str, str]]


class EntityFilter(DropdownFilter):
    """By entity, named by its path in addresses."""

    title = "entity"
    parameter_name = "entity"
    column = "entity_id"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        return [(registered.path, registered.label) for registered in registry]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        path = self.value()
        if not path:
            return queryset
        try:
            return queryset.filter(**{self.column: entity_id(path)})
        except ConfigError:
            return queryset.none()


class ParentFilter(EntityFilter):
    """By the entity that is waited for."""

    title = "waits for"
    parameter_name = "parent"
    column = "parent_entity_id"


class TextFilter(DropdownFilter):
    """By equality with one of a few known words."""

    words: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        return [(word, word.replace("_", " ").capitalize()) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset
