"""The cache: in this process where none is named, which is right for one process only."""

from config.environment import env

IN_PROCESS = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

CACHES = {"default": env("CACHE_URL", cast=env.cache_url_config, default=IN_PROCESS)}
