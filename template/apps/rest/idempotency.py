"""Idempotency keys: a request that is sent twice is done once.

The client sends a key of its own making with a POST. The first request is done, and its answer is
kept with the key in the same transaction. The same request again, with the same key, gets that
answer. Two at the same time: the second one waits for the first at the unique constraint.

Source: IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.deadlocks import retry_on_deadlock
from apps.rest.models import IdempotencyKey
from apps.users.api.users import current_user

KEPT_FOR = timedelta(hours=24)
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("ETag", "Location")

PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    description="A UUID, say. The same request with the same key is done once, for 24 hours.",
)

REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    type={"type": "string", "enum": ["true"]},
    location=OpenApiParameter.HEADER,
    response=[201],
    description="This is the answer that the same request got before.",
)


class KeyMissing(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "idempotency_key_missing"
    default_detail = (
        "Send an Idempotency-Key of 1 to 255 printable ASCII characters without spaces, such as a"
        " UUID, and the same one again when you repeat the request."
    )


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key belongs to another request. Send a new key."


@retry_on_deadlock
def run_once(request: Request, do: Callable[[], Response]) -> Response:
    """Return the answer of `do`, or the one that was given to the same request before.

    What `do` changes and the answer are kept together or not at all. An answer that reports a
    problem is not kept: the client may mend the request and send it with the same key.
    Raises KeyMissing without a key, and KeyReused when it belongs to another request.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(key):
        raise KeyMissing
    user = current_user(request)
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint)
            response = do()
            row.status = response.status_code
            row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
            row.body = json.loads(JSONRenderer().render(response.data))
            row.save(update_fields=["status", "headers", "body"])
            return response
    except IntegrityError:
        known = IdempotencyKey.objects.filter(user=user, key=key).first()
        if known is None:
            raise
    if known.fingerprint != fingerprint:
        raise KeyReused
    return Response(
        known.body, known.status, headers={**known.headers, "Idempotency-Replayed": "true"}
    )


def delete_expired() -> int:
    """Delete the keys that are older than KEPT_FOR. Return how many there were."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _fingerprint(request: Request) -> str:
    body: Any = json.dumps(request.data, sort_keys=True)
    text = f"{request.method} {request.get_full_path()}\n{body}"
    return hashlib.sha256(text.encode()).hexdigest()
