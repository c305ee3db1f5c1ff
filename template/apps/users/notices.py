"""Mails that tell the owner of an account what happened to it.

They contain no link, and no text that a stranger may have chosen, such as a name or a new address.
"""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone

from apps.background import background
from apps.common import audit
from apps.users.models import User


def report(event: str, *, user: User, mail: str = "", to: str = "", **facts: Any) -> None:
    """Record a security event, and send the owner of the account a mail if it names one.

    `mail` is the path of a template without `.txt`. Its first line is the subject. `to` is the address,
    if it is not the user's.
    """
    audit.record(event, user_id=user.pk, **facts)
    if mail:
        now = f"{timezone.now():%Y-%m-%d %H:%M} UTC"
        send_notice.delay_on_commit(user.pk, mail, to or user.email, now)


@background
def send_notice(user_id: int, mail: str, to: str, time: str) -> None:
    """Send a mail about an account, unless it is deactivated or deleted by now."""
    if User.objects.filter(pk=user_id, is_active=True).exists():
        context = {"time": time, "project": settings.PROJECT}
        subject, _, text = render_to_string(f"{mail}.txt", context).partition("\n\n")
        send_mail(f"{settings.PROJECT['name']}: {subject}", text, None, [to])
