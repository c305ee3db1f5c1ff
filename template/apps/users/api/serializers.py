from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer, TokenRefreshSerializer

from apps.common.schema import examples
from apps.users.models import EMAIL_LENGTH, User
from apps.users.tokens import SingleUseRefreshToken

# As `make seed` gives it to everybody.
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
    # The same for all of these: a difference would tell a stranger that the password is right.
    default_error_messages = {
        "no_active_account": _(
            "The address or the password is wrong, or the address is not confirmed yet."
        )
    }


class RefreshSerializer(TokenRefreshSerializer):
    token_class = SingleUseRefreshToken


class RefreshTokenSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField()


class PasswordSerializer(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)


class EmailField(serializers.EmailField):
    def to_internal_value(self, data: Any) -> str:
        """Return the address as it is stored, before it is validated."""
        return User.objects.normalize_email(super().to_internal_value(data))


@examples(request={"email": "new@example.com"})
class EmailSerializer(serializers.Serializer[Any]):
    email = EmailField(max_length=EMAIL_LENGTH)


class LinkSerializer(serializers.Serializer[Any]):
    uid = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=128)


class ConfirmationSerializer(LinkSerializer, PasswordSerializer):
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)


class PasswordResetSerializer(LinkSerializer, PasswordSerializer):
    pass


class PasswordChangeSerializer(PasswordSerializer):
    current_password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)
