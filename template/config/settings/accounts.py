"""Second factors, passkeys and sessions: django-allauth, behind the API of apps/accounts."""

from config.environment import env
from config.settings.project import PROJECT

ALLAUTH_APPS = [
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
]
# allauth has no pages and no mails here: apps/users registers, confirms and resets.
HEADLESS_ONLY = True
HEADLESS_TOKEN_STRATEGY = "apps.accounts.api.engine.SessionStrategy"  # noqa: S105  # a class
ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# The API's own limits apply. Those of allauth reject everybody while the cache is unavailable.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
MFA_ADAPTER = "apps.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PROJECT["name"]
# Also accept the code of the 30 seconds before and after: clocks differ.
MFA_TOTP_TOLERANCE = 1

# The cookie of a browser that signs in without tokens. It opens the API, and not the admin.
API_SESSION_COOKIE = "api_session"

# Members of staff have no access without a second factor, neither to the admin nor to the API.
STAFF_NEED_SECOND_FACTOR = env.bool("STAFF_NEED_SECOND_FACTOR", default=False)
