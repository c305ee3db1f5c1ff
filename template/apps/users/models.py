from collections.abc import Collection
from typing import Any, ClassVar
from unicodedata import normalize

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

EMAIL_LENGTH = 254  # as RFC 5321 has it, and Django


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new user. Raises IntegrityError when the address is taken."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in the one spelling that is stored: one person has one account.

        It may have grown, so it is validated after this. An address that is too long already is
        returned unchanged: it is refused anyway, and normalizing it could take long.
        """
        if len(email := email or "") > EMAIL_LENGTH:
            return email
        # Twice: there are letters that take their accent only when they are small.
        return normalize("NFKC", normalize("NFKC", email).lower()).strip()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))


class User(AbstractUser):
    """A user, who signs in with an e-mail address."""

    username = None  # type: ignore[assignment]  # Django's way to drop the field
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    email_confirmed_at = models.DateTimeField(_("e-mail confirmed at"), null=True, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="users_user_email_is_lowercase"
            )
        ]

    def __str__(self) -> str:
        return self.email

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Validate the address as it is stored, not as it was typed."""
        self.email = UserManager.normalize_email(self.email)
        super().clean_fields(exclude=exclude)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
