"""Changes of users. Each function is one transaction."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.common import audit
from apps.common.deadlocks import retry_on_deadlock
from apps.users import emails, notices, selectors, throttling, tokens
from apps.users.models import User

NOBODY = 0  # no account has this id

report = notices.report  # for other apps


@retry_on_deadlock
@transaction.atomic
def register(*, email: str) -> None:
    """Create a user, unless the address has one, and send an e-mail that asks to confirm the address.

    Until then the user cannot sign in. The link in the e-mail lets the owner of the mailbox choose the
    password and the name. Only the e-mail says whether the address had an account before.
    Concurrent registrations of one address may deadlock, because it is unique.
    """
    email = User.objects.normalize_email(email)
    user, _ = User.objects.get_or_create(email=email, defaults={"password": make_password(None)})
    mail = emails.send_already_registered if user.email_confirmed_at else emails.send_confirmation
    _send(mail.delay_on_commit, email, user)


def resend_confirmation(*, email: str) -> None:
    """Send the confirmation mail again, unless the address is unknown or confirmed."""
    _send(emails.send_confirmation.delay_on_commit, email, selectors.find_by_email(email))


@transaction.atomic
def confirm_email(*, uid: str, token: str, password: str, name: str = "") -> None:
    """Confirm the address that a link was sent to, and set the account's password and name.

    Raises ValidationError for an invalid link or a weak password.
    """
    user = selectors.find_by_token(uid, token, tokens.email_confirmation)
    if user is None:
        raise invalid_link()
    _confirm_and_reset(user, password, name)
    audit.record("email_confirmed", user_id=user.pk)


def change_profile(*, user: User, name: str | None = None) -> User:
    """Change the profile of a user. None leaves a field as it is."""
    user.name = user.name if name is None else name
    user.save(update_fields=["name"])
    return user


def request_password_reset(*, email: str) -> None:
    """Send an e-mail with a link to reset the password, if the address has an account."""
    _send(emails.send_password_reset.delay_on_commit, email, selectors.find_by_email(email))


@transaction.atomic
def reset_password(*, uid: str, token: str, password: str) -> None:
    """Set a new password for the user that a link was sent to. Raises ValidationError.

    The link came by e-mail, so this confirms the address as well. If it was not confirmed before,
    the name is cleared.
    """
    user = selectors.find_by_token(uid, token, tokens.password_reset)
    if user is None:
        raise invalid_link()
    if user.email_confirmed_at:
        _set_password(user, password)
    else:
        _confirm_and_reset(user, password)
    report("password_reset", user=user, mail="users/password-changed")


@transaction.atomic
def change_password(*, user: User, current_password: str, password: str) -> None:
    """Set a new password and revoke every session. Raises ValidationError."""
    # Read it again: a reset may have replaced the password since the request was authenticated.
    user = selectors.lock(user)
    if not user.check_password(current_password):
        raise wrong_password("current_password")
    _set_password(user, password)
    report("password_changed", user=user, mail="users/password-changed")


def _send(job: Callable[[int], object], email: str, user: User | None) -> None:
    """Start a job that sends a mail, unless the address has got many: anybody may ask for them.

    The job finds out whether there is anybody to send it to, so that the response takes as long for
    an unknown address.
    """
    if throttling.MailThrottle().allows(email):
        job(user.pk if user else NOBODY)


def _confirm_and_reset(user: User, password: str, name: str = "") -> None:
    """Confirm the address, and replace the password and the name.

    A stranger may have registered the address, and chosen both.
    """
    user.email_confirmed_at = timezone.now()
    user.name = name
    _set_password(user, password, "email_confirmed_at", "name")


def _set_password(user: User, password: str, *also_changed: str) -> None:
    """Save a new password. This revokes every token: most contain a hash of the old password."""
    _validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password", *also_changed])
    throttling.FailureThrottle().forget(user.email)
    sign_out_everywhere(user=user)


def record_sign_in(*, user: User, request: Any, **_: Any) -> None:
    """Record a sign-in, to the API or the admin: a receiver of Django's signal."""
    audit.record("signed_in", user_id=user.pk, path=request.path)


def record_sign_out(*, user: User | None, request: Any, **_: Any) -> None:
    """Record a sign-out from the admin, unless the session had ended: a receiver of Django's signal."""
    if user:
        audit.record("signed_out", user_id=user.pk, path=request.path)


def count_failed_sign_in(*, credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    """Count a password that was wrong, in the API or the admin: a receiver of Django's signal."""
    address = User.objects.normalize_email(credentials.get("email") or credentials.get("username"))
    throttling.FailureThrottle().count_failure(address)
    user = selectors.find_by_email(address)
    audit.record(
        "sign_in_failed",
        user_id=user.pk if user else None,
        address=audit.pseudonym(address),
        path=getattr(request, "path", None),
    )


def allow_sign_ins(*, user: User, by: int | None) -> None:
    """Forget the failed sign-ins with a user's address, on behalf of an administrator."""
    throttling.FailureThrottle().forget(user.email)
    report("sign_ins_allowed", user=user, by=by)


def sign_out_everywhere(*, user: User) -> None:
    """Revoke every refresh token of a user. Access tokens and sessions end with the password."""
    live = OutstandingToken.objects.filter(user=user, blacklistedtoken=None)
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in live], ignore_conflicts=True
    )


def wrong_password(field: str) -> ValidationError:
    """Return the error of a field with a password that is not the user's."""
    error = ValidationError("The current password is incorrect.", code="wrong_password")
    return ValidationError({field: error})


def invalid_link() -> ValidationError:
    """Return the error of a link that is invalid or has expired."""
    # A new one each time: an exception that is raised again keeps the frames of the first time.
    return ValidationError("This link is invalid or has expired.", code="invalid_link")


def _validate_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.error_list}) from None
