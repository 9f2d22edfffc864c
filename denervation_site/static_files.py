"""Static files: served whether or not `collectstatic` has run."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Names with a hash of the content, which browsers may keep for good.

    `manage.py serve` collects the files. After `migrate` and `runserver` alone there is none: the
    plain name is used then, and WhiteNoise finds the file where it is (WHITENOISE_USE_FINDERS).
    """

    manifest_strict = False

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        try:
            return str(super().hashed_name(name, content, filename))
        except ValueError:  # the file is not in STATIC_ROOT
            return name
