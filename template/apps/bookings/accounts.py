"""Declines the open requests of users whose accounts are deactivated, in whichever way."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from apps.background import background
from apps.bookings import services
from apps.users.events import users_updated
from apps.users.models import User


@receiver([post_save, users_updated], sender=User, dispatch_uid="bookings.decline_requests")
def user_saved(
    update_fields: frozenset[str] | None, instance: User | None = None, **_: Any
) -> None:
    # None: the save may have changed any field.
    is_changed = update_fields is None or "is_active" in update_fields
    if is_changed and not (instance and instance.is_active):
        decline_requests.delay_on_commit()


@background
def decline_requests() -> None:
    services.process_due_bookings()
