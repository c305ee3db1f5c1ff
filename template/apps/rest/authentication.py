"""Stateless authentication, for public reads."""

from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

from apps.common.authentication import BearerAuthentication


class StatelessAuthentication(BearerAuthentication, JWTStatelessUserAuthentication):
    """Verifies the signature and the expiry of a token, and does not read the account.

    The access token of a closed account is accepted until it expires, a few minutes later. On the
    views that use this class, a token only determines which rate limit applies.
    """
