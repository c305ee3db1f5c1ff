"""Reading the mails that were sent, as their reader would."""

import re

from django.core import mail


def link_in_last_mail() -> dict[str, str]:
    """Return the uid and the token of the newest mail."""
    parts = dict(re.findall(r"^ +(uid|token): +(\S+)$", str(mail.outbox[-1].body), re.MULTILINE))
    assert parts.keys() == {"uid", "token"}
    return parts
