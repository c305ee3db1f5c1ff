"""Beat's scheduler: the schedule is stored in the database and edited in the admin."""

from typing import Any

import structlog
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from apps.common.loops import log_and_skip_on_error
from apps.jobs import liveness

logger = structlog.get_logger(__name__)

# The description of the entries that beat has added, unless the settings give another one.
FROM_SETTINGS = "Added by beat from CELERY_BEAT_SCHEDULE."


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    def tick(self, *args: Any, **kwargs: Any) -> Any:
        liveness.heartbeat("beat")
        return super().tick(*args, **kwargs)

    def setup_schedule(self) -> None:
        self.remove_what_is_gone()
        super().setup_schedule()

    def remove_what_is_gone(self) -> None:
        """Delete the entries that beat added for tasks that are gone, and name all others of such tasks.

        Those were added in the admin, or their tasks may be another service's.
        """
        declared = PeriodicTask.objects.filter(name__in=self.app.conf.beat_schedule)
        # Earlier versions added entries without a description.
        declared.filter(description="").update(description=FROM_SETTINGS)
        unknown = PeriodicTask.objects.exclude(task__in=self.app.tasks)
        fields = ("pk", "name", "task", "description", "enabled")
        for key, name, task, text, is_enabled in unknown.values_list(*fields):
            if text == FROM_SETTINGS and name not in self.app.conf.beat_schedule:
                PeriodicTask.objects.filter(pk=key).delete()
                logger.warning("periodic_task_deleted", periodic_task=name, task=task)
            elif is_enabled:
                logger.warning("periodic_task_unknown", periodic_task=name, task=task)

    def all_as_schedule(self) -> dict[str, Any]:
        """Read the schedule row by row: an invalid one, say its time zone, stops no other."""
        entries = {}
        for key in PeriodicTask.objects.filter(enabled=True).values_list("pk", flat=True):
            with log_and_skip_on_error("periodic_task_not_read", periodic_task=key):
                task = PeriodicTask.objects.get(pk=key)
                entries[task.name] = self.Entry(task, app=self.app)
        return entries

    def update_from_dict(self, mapping: dict[str, Any]) -> None:
        """Add the entries of the settings that the database lacks, and change no other."""
        known = set(PeriodicTask.objects.values_list("name", flat=True))
        super().update_from_dict(
            {
                name: {"description": FROM_SETTINGS} | entry
                for name, entry in mapping.items()
                if name not in known
            }
        )
