"""Writes: everything that changes a user, each in one transaction."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.common.deadlocks import retry_on_deadlock
from apps.users import emails, selectors, tokens
from apps.users.models import User

INVALID_LINK = ValidationError("This link is invalid or has expired.", code="invalid_link")


@retry_on_deadlock
@transaction.atomic
def register(*, email: str) -> None:
    """Create a user who cannot sign in before the confirmation, and send the mail for that.

    Its link lets the owner of the mailbox choose the password and the name. The response does not
    reveal whether an address has an account: the mail tells its owner.
    """
    email = User.objects.normalize_email(email)
    user, _ = User.objects.get_or_create(email=email, defaults={"password": make_password(None)})
    if user.email_confirmed_at:
        emails.send_already_registered.delay_on_commit(user.pk)
    else:
        emails.send_confirmation.delay_on_commit(user.pk)


def resend_confirmation(*, email: str) -> None:
    """Send the confirmation mail again, unless the address is unknown or confirmed."""
    user = selectors.find_by_email(email)
    if user and not user.email_confirmed_at:
        emails.send_confirmation.delay_on_commit(user.pk)


@transaction.atomic
def confirm_email(*, uid: str, token: str, password: str, name: str = "") -> None:
    """Confirm the address that a link was sent to, and set password and name of its account.

    Raises ValidationError for a bad link and for a weak password.
    """
    user = selectors.find_by_token(uid, token, tokens.email_confirmation)
    if user is None:
        raise INVALID_LINK
    _give_to_reader(user, password, name)


def change_profile(*, user: User, name: str | None = None) -> User:
    """Return the user with the changes."""
    user.name = user.name if name is None else name
    user.save(update_fields=["name"])
    return user


def request_password_reset(*, email: str) -> None:
    """Send the mail for a new password, if the address has an account."""
    user = selectors.find_by_email(email)
    if user:
        emails.send_password_reset.delay_on_commit(user.pk)


@transaction.atomic
def reset_password(*, uid: str, token: str, password: str) -> None:
    """Set a new password for the user that a link was sent to. Raises ValidationError.

    The link came by mail, so this confirms the address as well.
    """
    user = selectors.find_by_token(uid, token, tokens.password_reset)
    if user is None:
        raise INVALID_LINK
    if user.email_confirmed_at:
        _set_password(user, password)
    else:
        _give_to_reader(user, password)


@transaction.atomic
def change_password(*, user: User, current_password: str, password: str) -> None:
    """Set a new password and revoke every session. Raises ValidationError."""
    # Read it again: a reset may have replaced the password since the request was authenticated.
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.check_password(current_password):
        message = ValidationError("The current password is incorrect.", code="wrong_password")
        raise ValidationError({"current_password": message})
    _set_password(user, password)


def _give_to_reader(user: User, password: str, name: str = "") -> None:
    """Confirm the address. A password or name that was chosen before does not survive."""
    user.email_confirmed_at = timezone.now()
    user.name = name
    _set_password(user, password, "email_confirmed_at", "name")


def _set_password(user: User, password: str, *also_changed: str) -> None:
    """Save a new password. That revokes the old one, every link and every session."""
    _validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password", *also_changed])
    sign_out_everywhere(user=user)


def sign_out_everywhere(*, user: User) -> None:
    """Revoke every refresh token of a user."""
    live = OutstandingToken.objects.filter(user=user, blacklistedtoken=None)
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in live], ignore_conflicts=True
    )


def _validate_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.error_list}) from None
