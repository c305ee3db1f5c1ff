"""What support needs when too many sign-ins with an address have failed."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from apps.users import services
from apps.users.models import User
from apps.users.throttling import FailureThrottle


class LockOutAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Adds the field `sign_ins_rejected_until` and the action `allow_sign_ins` to a page of users."""

    actions = ("allow_sign_ins",)

    @admin.display(description=_("sign-ins rejected until"))
    def sign_ins_rejected_until(self, user: User) -> str:
        end = FailureThrottle().rejects_until(user.email)
        return str(formats.localize(timezone.localtime(end))) if end else "-"

    @admin.action(description=_("Allow sign-ins again"), permissions=["change"])
    def allow_sign_ins(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            services.allow_sign_ins(user=user, by=request.user.pk)
