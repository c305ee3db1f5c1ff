"""The ASGI application of the process that serves live events. It serves everything else, too."""

from config.asgi import application as django_application

# After Django is set up.
from apps.live.routing import route  # isort: skip

application = route(django_application)
