import threading
from collections.abc import Iterator
from socketserver import BaseRequestHandler, TCPServer
from typing import Any

import pytest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from apps.jobs.models import JobRecord
from apps.users import emails, tasks
from apps.users.models import User
from apps.users.tests.mails import mail_server


class BusyServer(TCPServer):
    """A mail server that asks every caller to come back later (RFC 5321, reply 421)."""

    calls = 0

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.calls += 1
        request.sendall(b"421 Come back later.\r\n")


@pytest.fixture
def busy_server() -> Iterator[BusyServer]:
    with BusyServer(("127.0.0.1", 0), BaseRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_expired_refresh_tokens_are_deleted(user: User) -> None:
    token = RefreshToken.for_user(user)
    OutstandingToken.objects.update(expires_at=timezone.now())
    RefreshToken.for_user(user)
    tasks.delete_expired_tokens.delay()
    assert OutstandingToken.objects.get().jti != token["jti"]


def test_a_job_is_tried_six_times_when_the_mail_server_is_busy(
    user: User, busy_server: BusyServer
) -> None:
    with mail_server(busy_server.server_address[1]):
        emails.send_password_reset.delay(user.pk)
    assert busy_server.calls == 6


def test_a_mail_that_cannot_be_sent_is_kept_without_its_link(user: User) -> None:
    with mail_server():
        emails.send_password_reset.delay(user.pk)
    job = JobRecord.objects.get()
    assert (job.task, job.args) == ("apps.users.emails.send_password_reset", f"[{user.pk}]")
    assert job.error.startswith("ConnectionRefusedError: ")
    assert (job.kwargs, "token" in job.error) == ("{}", False)
