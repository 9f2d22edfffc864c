from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CausesConfig(AppConfig):
    name = "causes"
    verbose_name = "Causes of denervation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from causes import database
        from causes.models import guards

        guards.connect()
        post_migrate.connect(database.install_after_migrate, sender=self)
