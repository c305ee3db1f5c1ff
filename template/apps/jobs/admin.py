from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.jobs import selectors, services
from apps.jobs.models import JobRecord


@admin.register(JobRecord)
class ParkedJobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not at run time
    """Shows what waits. To change what a job does, change the code and send it again."""

    actions = ("replay",)
    date_hierarchy = "available_at"
    list_display = ("task", "job_id", "reason", "error", "request_id", "available_at")
    list_filter = ("reason", "task")
    ordering = ("available_at",)
    search_fields = ("job_id", "request_id", "error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobRecord]:
        return selectors.parked()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Send again"), permissions=["delete"])
    def replay(self, request: HttpRequest, queryset: QuerySet[JobRecord]) -> None:
        resent = services.resend(queryset.order_by("available_at"))
        if failed := len(resent.failed):
            not_sent = _("%(failed)d jobs cannot be sent: the list says why.") % {"failed": failed}
            self.message_user(request, not_sent, messages.ERROR)
        if resent.is_broker_away:
            self.message_user(request, _("The broker does not answer."), messages.ERROR)
        self.message_user(request, _("Sent %(sent)d jobs again.") % {"sent": len(resent.sent)})
