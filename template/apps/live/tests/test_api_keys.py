"""API keys open event streams, which end with them, and no WebSockets, which would not."""

import pytest
from django.utils import timezone

from apps.api_keys.models import ApiKey
from apps.api_keys.tests.factories import client_with, create_key
from apps.live.tests.clients import stream
from apps.live.tests.servers import Server
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def test_a_key_gets_no_ticket(user: User) -> None:
    _, text = create_key(user, scopes=["write"])
    response = client_with(text).post("/api/v1/live/tickets/")
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")


def test_a_stream_ends_with_its_key(hasty: Server) -> None:
    user = UserFactory.create()
    _, text = create_key(user, scopes=["events:read"])
    with stream(hasty, user, Authorization=f"Api-Key {text}") as events:
        assert events.receive()["event"] == "ready"
        ApiKey.objects.update(revoked_at=timezone.now())
        with pytest.raises(EOFError):
            events.receive()
