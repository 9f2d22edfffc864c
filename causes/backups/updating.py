"""Brings the copy of a backup up to this version: `python -m causes.backups.updating NAME`.

It is a process of its own, because the code of migrations works on one database, the site's.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main(name: str) -> None:
    """`name` is that of the copy: a path, or a database of PostgreSQL."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "denervation_site.settings")
    settings.DATABASES["default"]["NAME"] = name
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("rebuild_derived", verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1])
