"""A new address for an account. The owner approves it from the old mailbox, then confirms it from the new.

Nothing is stored in between: the links contain the new address, and tokens that fit no other.
"""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.background import background
from apps.common.deadlocks import retry_on_deadlock
from apps.common.errors import Conflict
from apps.users import emails, selectors, services, throttling
from apps.users.models import User

APPROVE, CONFIRM = "approve-email-change", "confirm-email-change"


class EmailTaken(Conflict):
    code = "email_taken"
    detail = "Another account has this address."


class EmailChangeTokenGenerator(PasswordResetTokenGenerator):
    """Makes the tokens of one of the two links. They end with a new password or another address."""

    def __init__(self, step: str, email: str) -> None:
        super().__init__()
        self.key_salt = f"{__name__}.{step}"
        self.email = email

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}\n{timestamp}\n{user.password}\n{user.email}\n{self.email}"


def request(*, user: User, email: str, password: str) -> None:
    """Ask the owner of an account, by e-mail, to approve a new address. Raises ValidationError.

    Whether the new address has an account is neither looked up nor told.
    """
    if not user.check_password(password):
        raise services.wrong_password("password")
    _send(APPROVE, user, email, user.email)


@transaction.atomic
def approve(*, uid: str, token: str, email: str) -> None:
    """Send the link that confirms the new address to it. Raises ValidationError for an invalid link."""
    _send(CONFIRM, _find(APPROVE, uid, token, email), email, email)


@retry_on_deadlock
@transaction.atomic
def confirm(*, uid: str, token: str, email: str, password: str) -> None:
    """Change the address, and revoke every token. Raises ValidationError or EmailTaken.

    The password protects an account whose owner has misspelled the address: a stranger got the link.
    """
    user = _find(CONFIRM, uid, token, email)
    throttle = throttling.FailureThrottle()
    if not (throttle.allows(user.email) and user.check_password(password)):
        throttle.count_failure(user.email)
        raise services.wrong_password("password")
    before, user.email, user.email_confirmed_at = user.email, email, timezone.now()
    user.set_password(password)  # Its new hash revokes access tokens and sessions.
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_confirmed_at", "password"])
    except IntegrityError:
        raise EmailTaken from None
    services.sign_out_everywhere(user=user)
    services.report("email_changed", user=user, mail="users/email-changed", to=before)


def _find(step: str, uid: str, token: str, email: str) -> User:
    user = selectors.find_by_token(uid, token, EmailChangeTokenGenerator(step, email))
    if user is None:
        raise services.invalid_link()
    return user


def _send(step: str, user: User, email: str, to: str) -> None:
    if throttling.MailThrottle().allows(to):
        send_email_change.delay_on_commit(user.pk, step, email)


@background
def send_email_change(user_id: int, step: str, email: str) -> None:
    """Send one of the two links, to the old or to the new address."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user:
        to = email if step == CONFIRM else user.email
        generator = EmailChangeTokenGenerator(step, email)
        emails.send_link(user, step, "Change of your address", generator, to=to, email=email)
