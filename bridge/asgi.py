"""For servers that speak ASGI; the API itself is faster under WSGI (bridge.wsgi)."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from bridge.logging import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
configure("web")
application = get_asgi_application()

from django.conf import settings  # noqa: E402 - needs what the line above has set up

from sync import cache  # noqa: E402 - needs the apps, which are loaded by now
from sync.direct import serve_through  # noqa: E402 - as above

serve_through(settings.BRIDGE_POOLED_DATABASE)
listener = cache.start()
