from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework_simplejwt.authentication import JWTAuthentication


class BearerAuthentication(JWTAuthentication):
    """Verifies an access token, and reads the account."""

    def get_raw_token(self, header: bytes) -> bytes | None:
        """Return the token of an Authorization header. The name of the scheme has no case (RFC 9110)."""
        scheme, space, token = header.partition(b" ")
        return super().get_raw_token(scheme.capitalize() + space + token)


class BearerScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # has no types
    """Describes it in the OpenAPI document, as drf-spectacular does for simplejwt's class alone."""

    target_class = "apps.common.authentication.BearerAuthentication"
    match_subclasses = True
