"""What drf-spectacular must know: the token, the codes, and each declared entity's own addresses."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from api.codes import as_markdown
from api.entity_schema import entity_components, entity_paths
from api.scopes import MEANING
from sync.mapping.in_force import mapped


class ServiceTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular's own
    """Names the token for the `Authorize` button."""

    target_class = "api.auth.ServiceToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer token."""
        scopes = "; ".join(f"`{name}`: {words}" for name, words in MEANING.items())
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"`bridge token --client NAME --scope a,b` makes one. Scopes: {scopes}.",
        }


class BridgeSchemaGenerator(SchemaGenerator):
    """The document of our views, with the entities found in the registry now."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        """The whole document."""
        document: dict[str, Any] = super().get_schema(request, public)  # type: ignore[no-untyped-call]  # spectacular's own
        document["paths"] = dict(sorted({**document["paths"], **entity_paths()}.items()))
        # Without a request it is the document of the declarations, which needs no database.
        components = entity_components({} if request is None else mapped())
        document.setdefault("components", {}).setdefault("schemas", {}).update(components)
        described = document["info"].get("description", "")
        document["info"]["description"] = f"{described}\n\n## Errors\n\n{as_markdown()}"
        return document
