"""What our own access log adds to django-structlog's: who called, and how long it took."""

from time import perf_counter
from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog import signals

from apps.common.middleware import STARTED


@receiver(signals.bind_extra_request_metadata)
def add_client_address(request: HttpRequest, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR"))


@receiver(signals.bind_extra_request_finished_metadata)
@receiver(signals.bind_extra_request_failed_metadata)
def add_duration(request: HttpRequest, log_kwargs: dict[str, Any], **_: Any) -> None:
    log_kwargs["duration_ms"] = round((perf_counter() - request.META[STARTED]) * 1000, 1)
