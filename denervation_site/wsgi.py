"""The WSGI application that granian and gunicorn serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "denervation_site.settings")
django_application = get_wsgi_application()

from causes.database.limits import serve_people  # noqa: E402  (settings come first)
from causes.public.front_door import FrontDoor  # noqa: E402
from causes.public.page_cache.application import PageCache  # noqa: E402

serve_people()
application = FrontDoor(PageCache(django_application))
