from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer, TokenRefreshSerializer

from apps.common.schema import examples
from apps.common.text import ONE_LINE
from apps.users.api.throttling import check_failures
from apps.users.models import EMAIL_LENGTH, User
from apps.users.tokens import SingleUseRefreshToken

# The password that `make seed` sets for every user.
SEEDED_PASSWORD = "correct horse battery"  # noqa: S105  # known to all


@examples(
    request={"name": "Alem"},
    response={
        "id": 1,
        "email": "admin@example.com",
        "name": "Alem",
        "is_staff": True,
        "date_joined": "2026-11-25T09:30:00Z",
    },
)
class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "email", "name", "is_staff", "date_joined")
        read_only_fields = ("id", "email", "is_staff", "date_joined")


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`.")
    refresh = serializers.CharField(help_text="Exchange it for a new pair before it expires.")


@examples(request={"email": "admin@example.com", "password": SEEDED_PASSWORD})
class SignInSerializer(TokenObtainPairSerializer):
    token_class = SingleUseRefreshToken
    # One message for all causes: a difference would tell a stranger that the password is right.
    default_error_messages = {
        "no_active_account": _(
            "The address or the password is wrong, or the address is not confirmed yet."
        )
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """Return a pair of tokens. Raises AuthenticationFailed or Throttled."""
        check_failures(attrs["email"])
        pair = super().validate(attrs)
        self.record()
        return pair

    def record(self) -> None:
        """Do as Django's own sign-in does: this sets `last_login`, and records the sign-in."""
        user_logged_in.send(type(self.user), request=self.context["request"], user=self.user)


class RefreshSerializer(TokenRefreshSerializer):
    token_class = SingleUseRefreshToken


# The body of a request that sends a refresh token, which RefreshSerializer above exchanges.
class RefreshTokenSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField()


class PasswordSerializer(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)


class EmailField(serializers.EmailField):
    default_validators = [ONE_LINE]

    def to_internal_value(self, data: Any) -> str:
        """Return the address in the spelling that is stored, which is the one to validate."""
        return User.objects.normalize_email(super().to_internal_value(data))


@examples(request={"email": "new@example.com"})
class EmailSerializer(serializers.Serializer[Any]):
    email = EmailField(max_length=EMAIL_LENGTH)


class LinkSerializer(serializers.Serializer[Any]):
    uid = serializers.CharField(max_length=64, help_text="From the link in the mail.")
    token = serializers.CharField(max_length=128, help_text="From the link in the mail.")


class ConfirmationSerializer(LinkSerializer, PasswordSerializer):
    name = serializers.CharField(
        max_length=150, required=False, allow_blank=True, validators=[ONE_LINE]
    )


class PasswordResetSerializer(LinkSerializer, PasswordSerializer):
    pass


class PasswordChangeSerializer(PasswordSerializer):
    current_password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)
