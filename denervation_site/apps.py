from axes.apps import AppConfig as AxesConfig
from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Django's admin, with the editors' desk as its default site."""

    default_site = "denervation_site.desk.DeskSite"


class SignInConfig(AxesConfig):
    """django-axes, which counts failed sign-ins, under a name that says so."""

    verbose_name = "Sign-in"
