"""The change of the e-mail address: requested by the user, approved and confirmed by two links."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.schema import examples
from apps.users import email_change, selectors
from apps.users.api.authentication import CredentialsView, fields_of
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

    @extend_schema(
        operation_id="change_email", request=EmailChangeSerializer, responses={202: None}
    )
    def post(self, request: Request) -> Response:
        """Send the present address an e-mail with a link that approves a new address.

        The response is the same whether or not the new address has an account.
        """
        fields = fields_of(EmailChangeSerializer, request)
        email_change.request(user=selectors.current_user(request), **fields)
        return Response(status=status.HTTP_202_ACCEPTED)


class ApproveEmailChangeView(CredentialsView):
    @extend_schema(
        operation_id="approve_email_change",
        request=EmailChangeApprovalSerializer,
        responses={202: None},
    )
    def post(self, request: Request) -> Response:
        """Send the new address an e-mail with a link that confirms it.

        `uid`, `token` and `email` are the parts of the link in the e-mail to the old address.
        """
        email_change.approve(**fields_of(EmailChangeApprovalSerializer, request))
        return Response(status=status.HTTP_202_ACCEPTED)


class ConfirmEmailChangeView(CredentialsView):
    @extend_schema(
        operation_id="confirm_email_change",
        request=EmailChangeConfirmationSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Change the address, and revoke all tokens.

        `uid`, `token` and `email` are the parts of the link in the e-mail to the new address.
        """
        email_change.confirm(**fields_of(EmailChangeConfirmationSerializer, request))
        return Response(status=status.HTTP_204_NO_CONTENT)
