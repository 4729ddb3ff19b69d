"""What the web server runs."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from bridge.logging import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
configure("web")
application = get_wsgi_application()

from sync import cache  # noqa: E402 - needs the apps, which are loaded by now

listener = cache.start()  # in the process that serves: a thread does not survive a fork
