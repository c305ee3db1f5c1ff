"""Jobs that are not done: `manage.py failed_jobs list|retry|discard`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from apps.jobs import selectors, services
from apps.jobs.models import JobRecord

TAKEN = "Another process has retried or discarded {job}"


class Command(BaseCommand):
    help = "List, retry or discard failed jobs, and jobs that the broker has not accepted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["list", "retry", "discard"])
        parser.add_argument("job_ids", nargs="*", metavar="JOB", help="an id that `list` shows")
        parser.add_argument("--all", action="store_true", help="all failed and pending jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = self._chosen(options)
        if options["action"] == "list":
            self._list(jobs)
        elif options["action"] == "retry":
            self._retry(jobs)
        else:
            self._discard(jobs)

    def _chosen(self, options: dict[str, Any]) -> QuerySet[JobRecord]:
        everything, ids = selectors.failed_and_pending(), options["job_ids"]
        if ids and options["all"]:
            raise CommandError("Name the jobs or use --all, not both. Nothing was changed.")
        if options["all"] or (options["action"] == "list" and not ids):
            return everything
        if not ids:
            raise CommandError("Name the jobs, or use --all.")
        chosen = everything.filter(job_id__in=ids)
        if missing := set(ids) - set(chosen.values_list("job_id", flat=True)):
            raise CommandError(f"No such failed job: {', '.join(sorted(missing))}. See `list`.")
        return chosen

    def _discard(self, jobs: QuerySet[JobRecord]) -> None:
        for job in jobs:
            try:
                services.discard(job)
            except services.JobTakenError:
                self.stdout.write(TAKEN.format(job=job))
            else:
                self.stdout.write(f"Discarded {job}")

    def _list(self, jobs: QuerySet[JobRecord]) -> None:
        for job in jobs:
            at = f"{job.available_at:%Y-%m-%d %H:%M:%S}"
            self.stdout.write(f"{job.job_id}  {at}  {job.status}  {job.task}  {job.error}")
        self.stdout.write(f"{jobs.count()} failed or pending jobs.")

    def _retry(self, jobs: QuerySet[JobRecord]) -> None:
        result = services.retry(jobs)
        for job in result.sent:
            self.stdout.write(f"Retried {job}")
        for job in result.taken:
            self.stdout.write(TAKEN.format(job=job))
        for job in result.failed:
            self.stdout.write(f"Could not be sent: {job}  {job.error}")
        if result.is_broker_unavailable:
            raise CommandError("The broker is unavailable; the other jobs are unchanged.")
        if result.failed:
            raise CommandError(f"{len(result.failed)} jobs could not be sent.")
