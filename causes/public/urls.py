"""The addresses of the public site."""

from django.urls import path, register_converter

from causes.public import feeds, health, preview, robots, sitemaps, views
from causes.public.cacheable import cacheable


class SlugConverter:
    """A slug of an entry, category or tag, or the key of a source; anything else is a 404."""

    regex = r"[^/\x00-\x2c\x2e\x3a-\x40]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SlugConverter, "name")

urlpatterns = [
    path("", views.home, name="home"),
    path("article/", views.article, name="article"),
    path("causes/", views.causes, name="causes"),
    path("causes/<name:slug>/", views.cause, name="cause"),
    path("categories/", views.categories, name="categories"),
    path("categories/<name:slug>/", views.category, name="category"),
    path("tags/", views.tags, name="tags"),
    path("tags/<name:slug>/", views.tag, name="tag"),
    path("sources/", views.sources, name="sources"),
    path("sources/<name:key>/", views.source, name="source"),
    path("search/", views.search, name="search"),
    path("feed/", cacheable()(feeds.PublishedFeed()), name="feed"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("robots.txt", robots.robots, name="robots"),
    path("healthz/", health.healthz, name="healthz"),
    path("preview/<str:token>/", preview.preview, name="preview"),
    path("<name:slug>/", views.page, name="page"),
]
