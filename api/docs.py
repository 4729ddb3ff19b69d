"""/docs and /api/schema: open, because a browser's page load carries no token; they need no internet."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class SchemaView(SpectacularAPIView):
    """GET /api/schema: OpenAPI 3, YAML or JSON by Accept or `?format=`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class DocsView(SpectacularSwaggerSplitView):
    """GET /docs: Swagger UI from our own files; its script is a request of its own, as a strict CSP wants."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    url_name = "schema"
