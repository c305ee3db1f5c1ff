from typing import Any

from rest_framework import exceptions, serializers
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer

from apps.common.schema import examples
from apps.users.models import User

# As `make seed` gives it to everybody.
SEEDED_PASSWORD = "correct horse battery"  # noqa: S105  # known to all


@examples(
    sent={"name": "Alem"},
    answered={
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


@examples(sent={"email": "admin@example.com", "password": SEEDED_PASSWORD})
class SignInSerializer(TokenObtainPairSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        attrs["email"] = User.objects.normalize_email(attrs["email"])
        pair = super().validate(attrs)
        if not self.user.email_confirmed_at:  # type: ignore[union-attr]  # set by a valid password
            raise exceptions.PermissionDenied(
                "Confirm your e-mail address first.", code="email_not_confirmed"
            )
        return pair


class RefreshTokenSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField()


class PasswordSerializer(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)


@examples(sent={"email": "new@example.com", "name": "Newcomer", "password": SEEDED_PASSWORD})
class RegistrationSerializer(PasswordSerializer):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)


@examples(sent={"email": "new@example.com"})
class EmailSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class LinkSerializer(serializers.Serializer[Any]):
    uid = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=128)


class PasswordResetSerializer(LinkSerializer, PasswordSerializer):
    pass


class PasswordChangeSerializer(PasswordSerializer):
    current_password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)
