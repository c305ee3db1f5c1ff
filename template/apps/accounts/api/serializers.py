from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from rest_framework import serializers

from apps.accounts.api import engine
from apps.accounts.authentication import check_origin
from apps.accounts.tokens import SessionRefreshToken
from apps.common.schema import examples
from apps.common.serializers import ModelSerializer
from apps.common.text import ONE_LINE
from apps.users.api import serializers as users


class DeliverySerializer(serializers.Serializer[Any]):
    """Whether a sign-in ends with tokens or with a cookie."""

    use_cookie = serializers.BooleanField(
        required=False, help_text="For browsers: set a cookie, which no script can read."
    )

    def validate_use_cookie(self, use_cookie: bool) -> bool:  # noqa: FBT001  # DRF's signature
        """Reject a page of a foreign origin: it could sign a visitor in as itself (login CSRF).

        Raises CsrfFailed.
        """
        if use_cookie:
            check_origin(self.context["request"])
        return use_cookie


class AccountSignInSerializer(DeliverySerializer, users.SignInSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the user whose password is right. Raises AuthenticationFailed or Throttled."""
        super().validate(attrs)
        return {"user": self.user, "use_cookie": attrs.get("use_cookie", False)}


class CsrfTokenSerializer(serializers.Serializer[Any]):
    csrf_token = serializers.CharField(help_text="Send it as `X-CSRFToken` with each change.")


class CookieSessionSerializer(CsrfTokenSerializer):
    user = users.UserSerializer()


class SignOutSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(required=False, help_text="Not needed with a cookie.")


class RefreshSerializer(users.RefreshSerializer):
    token_class = SessionRefreshToken


class SessionField(serializers.CharField):
    def __init__(self) -> None:
        super().__init__(max_length=40, help_text="From the response before.")


class PendingSerializer(serializers.Serializer[Any]):
    session = SessionField()


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(
        max_length=20, help_text="Of the authenticator app, or a recovery code."
    )


class SecondFactorSerializer(DeliverySerializer, PendingSerializer, CodeSerializer):
    pass


class PasskeySerializer(serializers.Serializer[Any]):
    credential = serializers.DictField(
        help_text="What `navigator.credentials` returns, as JSON (WebAuthn Level 3)."
    )


class PendingPasskeySerializer(DeliverySerializer, PendingSerializer, PasskeySerializer):
    pass


class NewPasskeySerializer(PasskeySerializer):
    name = serializers.CharField(max_length=100, validators=[ONE_LINE])


class OptionsSerializer(serializers.Serializer[Any]):
    options = serializers.DictField(help_text="For `navigator.credentials`.")


class PendingOptionsSerializer(PendingSerializer, OptionsSerializer):
    pass


class ReauthenticationSerializer(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=128, trim_whitespace=False, required=False)
    code = serializers.CharField(max_length=20, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Send either a password or a code.")
        return attrs


class SecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField()
    url = serializers.CharField(help_text="`otpauth://…`: show it as a QR code.")


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(child=serializers.CharField())


@examples(
    response={
        "id": 1,
        "type": "webauthn",
        "name": "Laptop",
        "created_at": "2026-11-25T09:30:00Z",
        "last_used_at": None,
    },
)
class FactorSerializer(ModelSerializer[Authenticator]):
    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = Authenticator
        fields = ("id", "type", "name", "created_at", "last_used_at")
        read_only_fields = fields


class SessionSerializer(ModelSerializer[UserSession]):
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = UserSession
        fields = ("id", "ip", "user_agent", "created_at", "is_current")
        read_only_fields = fields

    def get_is_current(self, session: UserSession) -> bool:
        return bool(session.pk == engine.session_id(self.context["request"]))
