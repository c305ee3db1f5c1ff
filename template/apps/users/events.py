"""Changes of users for which Django sends no signal."""

from typing import Any

from django.db.models import QuerySet
from django.dispatch import Signal

# Sent after an `update` or `bulk_update`, with the names of the fields as `update_fields`.
users_updated = Signal()


class UserQuerySet(QuerySet[Any, Any]):
    def update(self, **fields: Any) -> int:
        rows = super().update(**fields)
        users_updated.send(sender=self.model, update_fields=frozenset(fields))
        return rows
