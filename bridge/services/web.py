"""What each web worker process calls for its application."""

from __future__ import annotations

import warnings

from django.core.handlers.wsgi import WSGIHandler

from bridge.services.lifeline import follow_parent


def application() -> WSGIHandler:
    """Return the WSGI application, in a process that ends with the server it belongs to."""
    follow_parent()
    # `collectstatic` is for those who serve its folder by other means: here the files come from the packages.
    warnings.filterwarnings("ignore", message="No directory at", module="django.core.handlers.base")
    from bridge.wsgi import application as found

    return found
