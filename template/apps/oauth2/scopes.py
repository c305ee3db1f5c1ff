"""The scopes of applications, with descriptions for the users who grant them."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

# Those of OpenID Connect: what an application learns about its user.
IDENTITY = {
    "openid": _("Know that it is you"),
    "profile": _("Know your name"),
    "email": _("Know your e-mail address"),
}
DESCRIPTIONS = {
    **IDENTITY,
    "read": _("Read all your data"),
    "write": _("Create, change and delete all your data"),
    **{f"{name}:read": f"Read your data: {name}" for name in settings.SCOPE_RESOURCES},
    **{
        f"{name}:write": f"Create, change and delete your data: {name}"
        for name in settings.SCOPE_RESOURCES
    },
}
