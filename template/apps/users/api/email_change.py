"""The change of the e-mail address: requested by the user, approved and confirmed by two links."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.common.schema import examples
from apps.users import email_change, selectors
from apps.users.api.authentication import CredentialsView, endpoint
from apps.users.api.serializers import (
    SEEDED_PASSWORD,
    EmailField,
    EmailSerializer,
    LinkSerializer,
    PasswordSerializer,
)
from apps.users.models import EMAIL_LENGTH


@examples(request={"email": "new@example.com", "password": SEEDED_PASSWORD})
class EmailChangeSerializer(EmailSerializer, PasswordSerializer):
    pass


class EmailChangeApprovalSerializer(LinkSerializer):
    email = EmailField(max_length=EMAIL_LENGTH, help_text="From the link in the mail.")


class EmailChangeConfirmationSerializer(EmailChangeApprovalSerializer, PasswordSerializer):
    pass


class ChangeEmailView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "credentials"

    @endpoint("change_email", EmailChangeSerializer, {202: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Send the present address an e-mail with a link that approves a new address.

        The response is the same whether or not the new address has an account.
        """
        email_change.request(user=selectors.current_user(request), **fields)


class ApproveEmailChangeView(CredentialsView):
    @endpoint("approve_email_change", EmailChangeApprovalSerializer, {202: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Send the new address an e-mail with a link that confirms it.

        `uid`, `token` and `email` are the parts of the link in the e-mail to the old address.
        """
        email_change.approve(**fields)


class ConfirmEmailChangeView(CredentialsView):
    @endpoint("confirm_email_change", EmailChangeConfirmationSerializer, {204: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Change the address, and revoke all tokens.

        `uid`, `token` and `email` are the parts of the link in the e-mail to the new address.
        """
        email_change.confirm(**fields)
