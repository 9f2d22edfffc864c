from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Django's admin, with the editors' desk as its default site."""

    default_site = "denervation_site.desk.DeskSite"
