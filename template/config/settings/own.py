"""The project's own settings. The template never changes this file.

They come last in `base`, so that they win over its settings. To change one entry of a dictionary,
import it from its module: `from config.settings.api import REST_FRAMEWORK`.
"""

LOCAL_APPS: list[str] = []
LOCAL_MIDDLEWARE: list[str] = []
