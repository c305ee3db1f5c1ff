"""Administrators register the applications of others."""

from typing import Any

from allauth.idp.oidc.models import Client, Token
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.common.admin import VersionedAdmin
from apps.oauth2 import services
from apps.oauth2.forms import ClientForm
from apps.users.selectors import current_user

# Nobody edits tokens: users and applications revoke them.
admin.site.unregister([Client, Token])


@admin.register(Client)
class ClientAdmin(VersionedAdmin):
    form = ClientForm
    actions = ("replace_secret",)
    list_display = ("name", "id", "type", "owner", "created_at")
    list_select_related = ("owner",)
    raw_id_fields = ("owner",)
    search_fields = ("id", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("id", "created_at") if obj else ()

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        form: Any = super().get_form(request, *args, **options)
        form.editor = current_user(request)  # of a class that is made for each request
        return form

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: Any) -> None:
        secret = "" if change else services.replace_secret(client=obj)
        super().save_model(request, obj, form, change)
        self._report(request, "changed" if change else "registered", obj, secret)

    def delete_model(self, request: HttpRequest, obj: Client) -> None:
        self._report(request, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        for client in queryset:
            self.delete_model(request, client)

    @admin.action(description=_("Replace the secret"), permissions=["change"])
    def replace_secret(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        for client in queryset:
            secret = services.replace_secret(client=client)
            client.save(update_fields=["secret"])
            self._report(request, "secret_replaced", client, secret)

    def _report(self, request: HttpRequest, event: str, client: Client, secret: str = "") -> None:
        services.report_change(event, client=client, by=current_user(request))
        if secret and client.type == Client.Type.CONFIDENTIAL:
            text = _("The secret of %(name)s, which is shown only now: %(secret)s")
            self.message_user(
                request, text % {"name": client.name, "secret": secret}, messages.WARNING
            )
