"""Beat's schedule: rows in the database, edited in the admin."""

from typing import Any

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from apps.common.loops import skipped_if_bad
from apps.jobs import liveness


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    def tick(self, *args: Any, **kwargs: Any) -> Any:
        liveness.heartbeat("beat")
        return super().tick(*args, **kwargs)

    def all_as_schedule(self) -> dict[str, Any]:
        """Read the schedule row by row: one with, say, an unknown time zone stops no other."""
        entries = {}
        for key in PeriodicTask.objects.filter(enabled=True).values_list("pk", flat=True):
            with skipped_if_bad("periodic_task_not_read", periodic_task=key):
                task = PeriodicTask.objects.get(pk=key)
                entries[task.name] = self.Entry(task, app=self.app)
        return entries

    def update_from_dict(self, mapping: dict[str, Any]) -> None:
        """Add what the settings have and the database lacks: what was edited there stays."""
        known = set(PeriodicTask.objects.values_list("name", flat=True))
        super().update_from_dict(
            {name: entry for name, entry in mapping.items() if name not in known}
        )
