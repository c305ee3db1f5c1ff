"""Idempotency keys: a client can retry a POST, and it takes effect once.

The client generates a key. Its first request is executed, and the response is stored with the key
in the same transaction. A retry with the same key gets the stored response. Concurrent requests of a
user run one after the other, so a concurrent retry waits for the first request.

Source: IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
`Idempotency-Replayed` is our own addition.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.deadlocks import retry_on_deadlock
from apps.rest.models import IdempotencyKey
from apps.users.models import User
from apps.users.selectors import current_user, lock

RETENTION = timedelta(hours=24)
KEY_PATTERN = re.compile(r"[\x21-\x7e]{1,255}")
STORED_HEADERS = ("ETag", "Location")

PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    description="A unique value, such as a UUID. A retry with it gets the stored response, for 24 hours.",
)

REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    type={"type": "string", "enum": ["true"]},
    location=OpenApiParameter.HEADER,
    response=[201],
    description="Present if this is the stored response to an earlier request with the same key.",
)


class KeyMissing(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "idempotency_key_missing"
    default_detail = (
        "Send an Idempotency-Key of 1 to 255 printable ASCII characters without spaces, such as a"
        " UUID, and the same key with each retry."
    )


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for a different request. Send a new key."


def run_once(request: Request, handler: Callable[[], Response]) -> Response:
    """Run the handler and store its response. For a retry, return the stored response instead.

    The key is in a header. Raises what `run_with_key` raises.
    """
    key = request.headers.get("Idempotency-Key", "")
    text = f"{request.method} {request.get_full_path()}\n"
    text += json.dumps(request.data, sort_keys=True)
    return run_with_key(current_user(request), key, text, handler)


@retry_on_deadlock
def run_with_key(user: User, key: str, text: str, handler: Callable[[], Response]) -> Response:
    """Run the handler, or return the stored response to the request with this key and text.

    The handler's changes and its response are committed together. If the handler raises, nothing is
    stored: the client can fix the request and retry with the same key.
    Raises KeyMissing, also for a malformed key, and KeyReused for the key of a different request.
    """
    if not KEY_PATTERN.fullmatch(key):
        raise KeyMissing
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    try:
        with transaction.atomic():
            # First, because with the key some databases share-lock the row of its user: requests that
            # lock the user after that would cause deadlocks.
            lock(user)
            row = IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint)
            response = handler()
            row.status = response.status_code
            row.headers = {name: response[name] for name in STORED_HEADERS if name in response}
            row.body = json.loads(JSONRenderer().render(response.data))
            row.save(update_fields=["status", "headers", "body"])
            return response
    except IntegrityError:
        # Either the key is stored already, or the handler has violated another constraint.
        stored = IdempotencyKey.objects.filter(user=user, key=key).first()
        if stored is None:
            raise
    if stored.fingerprint != fingerprint:
        raise KeyReused
    return Response(
        stored.body, stored.status, headers={**stored.headers, "Idempotency-Replayed": "true"}
    )


def delete_expired() -> int:
    """Delete the keys that are older than RETENTION. Return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - RETENTION).delete()[0]
