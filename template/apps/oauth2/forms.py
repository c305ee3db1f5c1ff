"""The forms of the pages: signing in, and the clients of the admin site."""

import re
from typing import Any

from allauth.idp.oidc.models import Client
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin import CodeMixin
from apps.oauth2.scopes import DESCRIPTIONS
from apps.users.admin import ThrottledMixin
from apps.users.models import User
from apps.users.selectors import may_manage, may_sign_in

# Where a code may be sent: to a web server, to this machine, or to an app (RFC 8252). No character
# ends a directive of the Content-Security-Policy.
REDIRECT_URI = re.compile(
    r"(?:https://[a-z0-9.-]+(?::\d+)?"
    r"|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?"
    r"|[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:)"
    r"/[\w.~%!$&()+=:@/?-]*",
    re.ASCII,
)
Grant = Client.GrantType


class SignInForm(CodeMixin, ThrottledMixin, AuthenticationForm):
    """Asks for what the admin site asks for, and accepts every user who may sign in."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Raise ValidationError for an unconfirmed address, and for a missing or wrong code."""
        if not may_sign_in(user):
            raise self.get_invalid_login_error()
        super().confirm_login_allowed(user)


class LinesField(forms.MultipleChoiceField):
    """Several choices, stored as the lines of a text."""

    widget = forms.CheckboxSelectMultiple

    def prepare_value(self, value: Any) -> Any:
        return value.split("\n") if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        return "\n".join(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]  # only in the stubs
    """Accepts clients that can work, and that cannot do more than their editor."""

    editor: User  # set by the admin
    grant_types = LinesField(
        choices=[
            (Grant.AUTHORIZATION_CODE, _("Authorization code: it acts for users who let it")),
            (Grant.REFRESH_TOKEN, _("Refresh token: also when they are not there")),
            (Grant.CLIENT_CREDENTIALS, _("Client credentials: it acts as its owner")),
        ],
    )
    scopes = LinesField(choices=list(DESCRIPTIONS.items()))

    class Meta:
        model = Client
        fields = ("name", "type", "owner", "grant_types", "scopes", "redirect_uris")

    def clean_redirect_uris(self) -> str:
        uris: list[str] = self.cleaned_data["redirect_uris"].split()
        for uri in uris:
            if not REDIRECT_URI.fullmatch(uri):
                raise ValidationError(
                    _("%(uri)s must be https://…, http://127.0.0.1…, or com.example.app:/…"),
                    code="redirect_uri",
                    params={"uri": uri},
                )
        return "\n".join(uris)

    def clean_owner(self) -> User | None:
        owner: User | None = self.cleaned_data["owner"]
        if owner and (owner.is_staff or not may_manage(self.editor, owner)):
            raise ValidationError(
                _("An application cannot act as a member of staff."), code="owner_is_staff"
            )
        return owner

    def clean(self) -> Any:
        given = self.cleaned_data
        grants = given.get("grant_types", "").split("\n")
        if Grant.AUTHORIZATION_CODE in grants and given.get("redirect_uris") == "":
            self.add_error("redirect_uris", _("Authorization codes need one."))
        if Grant.CLIENT_CREDENTIALS in grants:
            if given.get("type") != Client.Type.CONFIDENTIAL:
                self.add_error("type", _("Client credentials need a confidential client."))
            if "owner" in given and given["owner"] is None:
                self.add_error("owner", _("Client credentials need the account to act as."))
        return super().clean()
