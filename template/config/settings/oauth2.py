"""OAuth 2 and OpenID Connect: django-allauth's provider, with the rules of apps/oauth2."""

from config.environment import env

# The URL at which clients reach this service: the issuer of ID tokens.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")

IDP_OIDC_ADAPTER = "apps.oauth2.adapters.OIDCAdapter"
# Seconds. Access tokens are valid for an hour, which is allauth's default: they can be revoked.
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = env.int("REFRESH_TOKEN_DAYS", default=14) * 24 * 60 * 60
# The API's own limits apply. Those of allauth reject everybody while the cache is unavailable.
IDP_OIDC_RATE_LIMITS = False
