"""The application with other limits, for tests: LIVE_TEST_SETTINGS has them as JSON."""

import json
import os

import django
from django.conf import settings
from django.utils.module_loading import import_string

django.setup()
for name, value in json.loads(os.environ["LIVE_TEST_SETTINGS"]).items():
    setattr(settings, name, value)

application = import_string("config.live.application")
