"""Reads of messages."""

from django.db.models import Q, QuerySet

from apps.messaging.models import Message
from apps.users.models import User


def for_party(user: User, pk: int) -> QuerySet[Message]:
    """Return the messages of a booking, with their senders, or none if the user has no part in it."""
    is_party = Q(booking__guest=user) | Q(booking__host=user)
    return Message.objects.filter(is_party, booking=pk).select_related("sender")
