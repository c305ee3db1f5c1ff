"""Local development: everything works with nothing set. Variables may be set in the file .env."""

from config.environment import BASE_DIR, env

# Before the settings that read them.
env.read_file(BASE_DIR / ".env")

from config.settings.base import *  # noqa: E402

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = SECRET_KEY or "local-only-" + "0" * 50
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]

env.refuse_when_wrong()
