from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class CausesConfig(AppConfig):
    name = "causes"
    verbose_name = "Causes of denervation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from causes import database, roles
        from causes.database import files, finding
        from causes.models import guards

        guards.connect()
        connection_created.connect(finding.teach_sqlite)
        pre_migrate.connect(database.make_way_for_migrations, sender=self)
        post_migrate.connect(database.install_after_migrate, sender=self)
        request_started.connect(files.follow)
        post_migrate.connect(roles.make_groups, sender=self)
