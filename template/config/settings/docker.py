"""Building the image: static files as in production, and nothing secret at hand."""

from config.settings.base import *

# No page refers to the files without a hash in their names.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
SECRET_KEY = "build-" + "0" * 50
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
