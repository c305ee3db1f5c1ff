"""The mails to users. A job makes the link when it sends the mail: its arguments hold no secret."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from apps.background import background
from apps.users import selectors, tokens
from apps.users.models import User


@background
def send_confirmation(user_id: int) -> None:
    """Send the mail with the link that confirms an address, unless it is confirmed by now."""
    user = User.objects.filter(pk=user_id, email_confirmed_at=None, is_active=True).first()
    if user:
        send_link(user, "confirm-email", "Confirm your e-mail address", tokens.email_confirmation)


@background
def send_password_reset(user_id: int) -> None:
    """Send the mail with the link to choose a new password, if the user may have one."""
    user = selectors.find_for_reset(user_id)
    if user:
        send_link(user, "reset-password", "Choose a new password", tokens.password_reset)


@background
def send_already_registered(user_id: int) -> None:
    """Tell a user who registers again that they have an account, and how to reset its password."""
    user = selectors.find_for_reset(user_id)
    if user:
        send_link(user, "already-registered", "You have an account", tokens.password_reset)


def send_link(
    user: User,
    name: str,
    subject: str,
    generator: PasswordResetTokenGenerator,
    to: str = "",
    **parts: str,
) -> None:
    """Send a mail with a link, which contains `parts`, too. `to` is another address than the user's."""
    link = {
        "uid": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": generator.make_token(user),
        **parts,
    }
    # In memory only, and once the token is made.
    user.email = to or user.email
    # The page of the front end that the link opens.
    page = "reset-password" if name == "already-registered" else name
    context = {
        **link,
        "user": user,
        "project": settings.PROJECT,
        "url": f"{settings.FRONTEND_URL}/{page}?{urlencode(link)}",
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
    }
    text = render_to_string(f"users/{name}.txt", context)
    send_mail(f"{settings.PROJECT['name']}: {subject}", text, None, [user.email])
