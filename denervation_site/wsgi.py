"""The WSGI application that granian and gunicorn serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "denervation_site.settings")
django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402  (settings come first)

from causes.public.handler import PublicHandler  # noqa: E402
from causes.public.page_cache.application import PageCache  # noqa: E402

# With DEBUG the whole way, since Django's own error pages need it.
application = PageCache(
    django_application, public=django_application if settings.DEBUG else PublicHandler()
)
