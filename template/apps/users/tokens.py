"""The tokens in the links of our mails. Each works once, and for PASSWORD_RESET_TIMEOUT seconds."""

from typing import TYPE_CHECKING

from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator

if TYPE_CHECKING:
    from apps.users.models import User


class EmailConfirmationTokenGenerator(PasswordResetTokenGenerator):
    key_salt = "apps.users.tokens.EmailConfirmationTokenGenerator"

    def _make_hash_value(self, user: "User", timestamp: int) -> str:
        # Confirming changes this value, and so does another address: the token is then void.
        return f"{user.pk}{timestamp}{user.email}{user.email_confirmed_at}"


email_confirmation = EmailConfirmationTokenGenerator()
password_reset = default_token_generator
