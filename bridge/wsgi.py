"""What the web server runs."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the line above has set up

from sync import cache  # noqa: E402 - needs the apps, which are loaded by now
from sync.direct import serve_through  # noqa: E402 - as above

serve_through(settings.BRIDGE_POOLED_DATABASE)
# The threads of a server are few and stay: each keeps its connection, which costs more than most answers.
settings.DATABASES["default"].update(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True)
listener = cache.start()  # in the process that serves: a thread does not survive a fork
