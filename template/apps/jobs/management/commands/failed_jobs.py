"""What waits in the database: `manage.py failed_jobs list|replay|discard`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from apps.jobs import selectors, services
from apps.jobs.models import JobRecord


class Command(BaseCommand):
    help = "Jobs that failed for good or could not be sent: show, send again or give up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["list", "replay", "discard"])
        parser.add_argument("job_ids", nargs="*", metavar="JOB", help="the id that `list` shows")
        parser.add_argument("--all", action="store_true", help="every job that waits")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = self._chosen(options)
        if options["action"] == "list":
            self._list(jobs)
        elif options["action"] == "replay":
            self._replay(jobs)
        else:
            for job in jobs:
                services.discard(job)
                self.stdout.write(f"Gave up {job}")

    def _chosen(self, options: dict[str, Any]) -> QuerySet[JobRecord]:
        everything, ids = selectors.parked(), options["job_ids"]
        if options["action"] == "list" or options["all"]:
            return everything
        if not ids:
            raise CommandError("Name the jobs, or give --all.")
        chosen = everything.filter(job_id__in=ids)
        if missing := set(ids) - set(chosen.values_list("job_id", flat=True)):
            raise CommandError(f"No such job waits: {', '.join(sorted(missing))}. See `list`.")
        return chosen

    def _list(self, jobs: QuerySet[JobRecord]) -> None:
        for job in jobs:
            available_at = f"{job.available_at:%Y-%m-%d %H:%M:%S}"
            self.stdout.write(
                f"{job.job_id}  {available_at}  {job.reason}  {job.task}  {job.error}"
            )
        self.stdout.write(f"{jobs.count()} jobs wait.")

    def _replay(self, jobs: QuerySet[JobRecord]) -> None:
        resent = services.resend(jobs)
        for job in resent.sent:
            self.stdout.write(f"Sent {job}")
        for job in resent.failed:
            self.stdout.write(f"Not sent, it waits as failed: {job}  {job.error}")
        if resent.is_broker_away:
            raise CommandError("The broker does not answer; the rest still waits.")
        if resent.failed:
            raise CommandError(f"{len(resent.failed)} jobs cannot be sent.")
