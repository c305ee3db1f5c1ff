"""Production: refuses to start when it is misconfigured, and says everything that is wrong."""

import logging

from config.environment import env
from config.production import problems
from config.settings.base import *

DEBUG = env.bool("DEBUG", default=False)
LOGGING["handlers"]["console"]["formatter"] = env.str("LOG_FORMAT", default="json")
# A line that cannot be formatted is dropped: it would be printed with all its arguments.
logging.raiseExceptions = False

# HTTPS only. The reverse proxy ends TLS and says so; TrustedProxyMiddleware drops the header
# of anybody else. Probes and Prometheus come from inside, without TLS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 60 * 60)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

env.problems += problems(globals(), env)
env.refuse_when_wrong()
