"""The site as it is served, but by the clock that it shares with the test: see clock.py."""

from denervation_site.wsgi import application as site
from tests.public import clock


def application(environ, start_response):
    clock.follow()
    return site(environ, start_response)
