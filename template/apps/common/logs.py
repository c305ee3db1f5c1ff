"""The access log: django-structlog's, with the client's address and the duration."""

from time import perf_counter
from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django_structlog import signals
from django_structlog.middlewares import RequestMiddleware

from apps.common.middleware import STARTED


class AccessLogMiddleware(RequestMiddleware):
    """Logs one line for each request, when it ends."""

    def prepare(self, request: HttpRequest) -> None:
        """Bind the id of RequestIDMiddleware and the client's address to all lines of a request."""
        structlog.contextvars.bind_contextvars(
            request_id=request.META["HTTP_X_REQUEST_ID"], ip=request.META.get("REMOTE_ADDR")
        )

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path, without the query, which may contain a token."""
        return f"{request.method} {escape_uri_path(request.path)}"


@receiver(signals.bind_extra_request_finished_metadata)
@receiver(signals.bind_extra_request_failed_metadata)
def add_duration(request: HttpRequest, log_kwargs: dict[str, Any], **_: Any) -> None:
    log_kwargs["duration_ms"] = round((perf_counter() - request.META[STARTED]) * 1000, 1)
