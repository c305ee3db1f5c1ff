"""The WSGI application, for production servers."""

import os

import django

from apps.common.handlers import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup(set_prefix=False)

application = WSGIHandler()
