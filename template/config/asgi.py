"""The ASGI application, for production servers."""

import os

import django

from apps.common.handlers import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
# As `get_asgi_application` of Django does, which has no parameter for another handler.
django.setup(set_prefix=False)

application = ASGIHandler()
