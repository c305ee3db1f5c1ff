"""Optimistic locking in the admin: an outdated page cannot undo what was changed since."""

import hashlib
from typing import Any

from django import forms
from django.contrib import admin
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

FIELD = "opened_version"


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Rejects a change if the row is not as it was when the page was opened.

    This concerns the fields of the form, and the row's `version` if there is one.
    """

    opened_version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial[FIELD] = "" if self.instance._state.adding else self._stored_version()  # noqa: SLF001  # documented

    def clean(self) -> Any:
        if self.cleaned_data.get(FIELD) != self.initial[FIELD]:
            raise ValidationError(
                _("This has changed since you opened the page. Open it again to change it."),
                code="version_mismatch",
            )
        return super().clean()

    def _stored_version(self) -> str:
        """Return a hash of the row in the database: `instance` may be an old version of it."""
        rows = self._meta.model._base_manager.filter(pk=self.instance.pk)  # noqa: SLF001  # documented
        if self.is_bound and connection.in_atomic_block:
            rows = rows.select_for_update()
        names = [name for name, field in self.fields.items() if not field.disabled]
        text = serializers.serialize("json", rows, fields=[*names, "version"])
        return hashlib.sha256(text.encode()).hexdigest()


class VersionedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Adds the version to the form of any ModelAdmin. As a base class, it comes first."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.form = type(self.form.__name__, (VersionedForm, self.form), {})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != FIELD]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        (label, options), *others = super().get_fieldsets(request, obj)
        if obj and self.has_change_permission(request, obj):
            options = {**options, "fields": [*options["fields"], FIELD]}
        return [(label, options), *others]
