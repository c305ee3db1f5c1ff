"""Metrics for Prometheus, at /metrics, with METRICS_TOKEN as the bearer token.

If several processes serve requests, PROMETHEUS_MULTIPROC_DIR names the folder that they share.
"""

import os
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from apps.common import problems

# The variable that names the folder.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

# The library does not create it, and needs it before the first metric.
if folder := os.environ.get(FOLDER):
    Path(folder).mkdir(parents=True, exist_ok=True)

anomalies = Counter(
    "anomalous_traffic", "Windows of time in which a client behaved unusually", ["kind"]
)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics of all processes.

    Responds with 404 if METRICS_TOKEN is unset, and with 401 if the request does not have it.
    """
    if not settings.METRICS_TOKEN:
        return problems.not_found(request)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not constant_time_compare(given, settings.METRICS_TOKEN):
        unauthorized = problems.problem_response(request, HTTPStatus.UNAUTHORIZED)
        unauthorized["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return unauthorized
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    if FOLDER not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # registers itself
    return registry
