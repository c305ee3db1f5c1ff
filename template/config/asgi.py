"""The ASGI application, for production servers."""

import os

import django

from apps.common.handlers import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup(set_prefix=False)

application = ASGIHandler()
