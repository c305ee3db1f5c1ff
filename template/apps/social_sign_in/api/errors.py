"""What can go wrong between a user, a provider and this service."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import structlog
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from jwt import PyJWTError
from requests import ConnectionError as RequestsConnectionError
from requests import RequestException, Timeout
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    PermissionDenied,
    ValidationError,
)

from apps.common.problems import Unavailable
from apps.social_sign_in.provider import CodeRejected

logger = structlog.get_logger(__name__)

# Also what malformed JSON, a missing member, a wrong type or a huge number leads to, in allauth's code.
INVALID = (
    OAuth2Error,
    PyJWTError,
    RequestException,
    ImproperlyConfigured,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class ProviderUnavailable(Unavailable):
    default_code = "provider_unavailable"
    default_detail = "The provider is unavailable. Try again shortly, or sign in another way."


class InvalidProviderResponse(APIException):
    status_code = HTTPStatus.BAD_GATEWAY
    default_code = "invalid_provider_response"
    default_detail = _("The provider's response is invalid. Start again, or sign in another way.")


class AccessDenied(PermissionDenied):
    default_code = "access_denied"
    default_detail = _("The provider did not sign you in, or you declined. Start again.")


class EmailNotVerified(PermissionDenied):
    default_code = "email_not_verified"
    default_detail = _("The provider has not verified your e-mail address. Verify it there first.")


@contextmanager
def reporting_failures(provider: str) -> Iterator[None]:
    """Turn whatever goes wrong at a provider into a problem, and log it.

    Messages of exceptions are not logged: they may contain tokens.
    """
    try:
        yield
    except CodeRejected:
        message = "The provider rejects this code. Start again."
        raise ValidationError({"code": [ErrorDetail(message, "code_rejected")]}) from None
    except (RequestsConnectionError, Timeout) as error:
        logger.warning("provider_unavailable", provider=provider, error=type(error).__name__)
        raise ProviderUnavailable from None
    except INVALID as error:
        logger.warning("provider_response_invalid", provider=provider, error=type(error).__name__)
        raise InvalidProviderResponse from None
