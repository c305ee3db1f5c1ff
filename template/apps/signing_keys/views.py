from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from apps.signing_keys.keys import signing_keys

# Seconds. A new key must be published for longer than this before it signs.
MAX_AGE = 300


@require_safe
def jwks(request: HttpRequest, more: Callable[[], list[dict[str, Any]]] = list) -> JsonResponse:
    """Return the public keys, with which gateways and other services verify access tokens (RFC 7517).

    `more` returns those of other tokens.
    """
    return JsonResponse(
        {"keys": [*(key.jwk for key in signing_keys().values()), *more()]},
        content_type="application/jwk-set+json",
        headers={"Cache-Control": f"public, max-age={MAX_AGE}"},
    )
