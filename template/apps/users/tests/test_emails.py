from collections.abc import Callable

import pytest
from django.core import mail

from apps.users import emails
from apps.users.models import User

MAILS = [emails.send_confirmation, emails.send_password_reset, emails.send_already_registered]


@pytest.mark.parametrize("send", MAILS)
def test_a_user_who_is_gone_by_then_gets_no_mail(send: Callable[[int], None], db: None) -> None:
    send(0)
    assert not mail.outbox


def test_a_user_who_has_confirmed_by_then_gets_no_mail(user: User) -> None:
    emails.send_confirmation(user.pk)
    assert not mail.outbox
