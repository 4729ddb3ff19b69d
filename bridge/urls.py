"""The API first, then the operators' pages."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from admin_ui.site import site
from api.urls import urlpatterns as api_patterns

ICON = f"{settings.STATIC_URL}admin_ui/icon.svg"

urlpatterns: list[URLPattern | URLResolver] = [
    *api_patterns,
    path("favicon.ico", RedirectView.as_view(url=ICON)),  # browsers ask for it beside plain text and JSON
    path("admin/", site.urls),
]

handler400 = "api.error_pages.bad_request"
handler403 = "api.error_pages.permission_denied"
handler404 = "api.error_pages.not_found"
handler500 = "api.error_pages.server_error"
