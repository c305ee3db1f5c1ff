from typing import Any

from rest_framework.request import Request

from apps.accounts import selectors
from apps.accounts.api.errors import SecondFactorMissing
from apps.common.authentication import BearerAuthentication


class AccountAuthentication(BearerAuthentication):
    """Also requires that a member of staff has signed in with a second factor."""

    def authenticate(self, request: Request) -> Any:
        """Return the user and the token. Raises SecondFactorMissing."""
        found: Any = super().authenticate(request)
        if found and selectors.needs_second_factor(user=found[0]):
            view = request.parser_context["view"]
            is_missing = "mfa" not in found[1].get("amr", [])
            if is_missing and not getattr(view, "is_for_enrolment", False):
                raise SecondFactorMissing
        return found
