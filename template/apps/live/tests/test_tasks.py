from apps.live.models import Event
from apps.live.services import publish
from apps.live.tasks import delete_old_events
from apps.users.models import User


def test_old_events_are_deleted(user: User) -> None:
    publish([user.pk], "tested", {})
    delete_old_events.delay()
    assert Event.objects.count() == 1
    Event.objects.update(created_at="2026-01-01T00:00Z")
    delete_old_events.delay()
    assert Event.objects.count() == 0
