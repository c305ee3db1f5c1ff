from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from apps.common.admin import VersionedAdmin
from apps.jobs import selectors, services
from apps.jobs.models import JobRecord

# Make the library's pages a VersionedAdmin.
for model in (PeriodicTask, ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule):
    page = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    admin.site.register(model, type(page.__name__, (VersionedAdmin, page), {}))


@admin.register(JobRecord)
class JobRecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not at run time
    """Read-only. To change what a job does, change the code and retry the job."""

    actions = ("retry",)
    date_hierarchy = "available_at"
    list_display = ("task", "job_id", "status", "error", "request_id", "available_at")
    list_filter = ("status", "task")
    ordering = ("available_at",)
    search_fields = ("job_id", "request_id", "error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobRecord]:
        return selectors.failed_and_pending()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Retry"), permissions=["delete"])
    def retry(self, request: HttpRequest, queryset: QuerySet[JobRecord]) -> None:
        result = services.retry(queryset.order_by("available_at"))
        if failed := len(result.failed):
            not_sent = _("%(failed)d jobs could not be sent: see their errors.") % {
                "failed": failed
            }
            self.message_user(request, not_sent, messages.ERROR)
        if taken := len(result.taken):
            others = _("Another process has retried or discarded %(taken)d jobs.") % {
                "taken": taken
            }
            self.message_user(request, others, messages.WARNING)
        if result.is_broker_unavailable:
            self.message_user(request, _("The broker is unavailable."), messages.ERROR)
        self.message_user(request, _("Retried %(sent)d jobs.") % {"sent": len(result.sent)})
