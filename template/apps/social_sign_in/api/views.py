"""Signing in with a provider, and the links that this leads to."""

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api import engine
from apps.accounts.api.errors import SignInExpired
from apps.accounts.api.sign_in import SIGNED_IN, StepView
from apps.common.projection import ProjectionMixin
from apps.social_sign_in import selectors, services
from apps.social_sign_in.api import errors, flows, serializers
from apps.social_sign_in.provider import ApiProvider
from apps.users.api.authentication import AnonymousView, fields_of
from apps.users.api.serializers import EmailSerializer
from apps.users.models import User
from apps.users.selectors import current_user


class ProvidersView(AnonymousView, ListAPIView[Any]):
    """List the providers that users can sign in with."""

    serializer_class = serializers.ProviderSerializer
    pagination_class = None

    def get_queryset(self) -> Any:
        return get_adapter().list_providers(self.request)


class BeginView(StepView):
    @extend_schema(
        operation_id="begin_social_sign_in",
        request=None,
        responses={200: serializers.BegunSerializer},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Begin to sign in with a provider, which sends the user back to `/sign-in/{id}`.

        That is a page of the front end. It completes the sign-in with `code` and `state` of its URL,
        and with the `session` of this response. The sign-in expires after ten minutes.
        """
        provider = find_provider(request, pk)
        with errors.reporting_failures(pk):
            reply = engine.run(request, flows.BeginView, provider=provider)
        return Response(
            {"session": reply.meta["session_token"], "authorization_url": reply.data["url"]}
        )


class CompleteView(StepView):
    @extend_schema(
        operation_id="complete_social_sign_in",
        request=serializers.CompletionSerializer,
        responses={200: SIGNED_IN},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Complete a sign-in with a provider.

        Users are known by their account with the provider, or else by the address that it has
        verified. A user with a second factor gets 401 `second_factor_required`, as with a password.
        """
        provider = find_provider(request, pk)
        fields = fields_of(serializers.CompletionSerializer, request)
        begun = services.take_begun(session=fields["session"], provider=pk, state=fields["state"])
        if begun is None:
            raise SignInExpired
        if "error" in fields:
            raise errors.AccessDenied
        with errors.reporting_failures(pk):
            login = provider.complete(request._request, fields["code"], begun)  # noqa: SLF001
        reply = engine.run(request, flows.SignInView, user=user_of(login))
        return engine.complete(request, reply, use_cookie=fields.get("use_cookie", False))


class LinksView(ProjectionMixin, ListAPIView[Any]):
    """List the accounts with providers that you can sign in with."""

    serializer_class = serializers.ProviderLinkSerializer
    pagination_class = None
    select = staticmethod(selectors.links)


class LinkView(APIView):
    throttle_scope = "credentials"

    @extend_schema(operation_id="remove_link", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a link, unless you could not sign in without it.

        Sign-ins that began with it do not end.
        """
        link = get_object_or_404(selectors.links(user=current_user(request)), pk=pk)
        engine.run_signed_in(request, flows.ConfirmedView)
        services.remove_link(link=link)
        return Response(status=status.HTTP_204_NO_CONTENT)


def find_provider(request: Request, provider_id: str) -> ApiProvider:
    """Return a configured provider. Raises Http404."""
    found: list[ApiProvider] = get_adapter().list_providers(request)
    for provider in found:
        if provider.sub_id == provider_id:
            return provider
    raise Http404


def user_of(login: SocialLogin) -> User:
    """Return the user who has signed in with a provider, or a new one. Raises EmailNotVerified."""
    ids = {"provider": login.account.provider, "uid": login.account.uid}
    user = services.use_link(**ids)
    return user or services.link_by_email(
        **ids, email=verified_address(login), name=login.user.name
    )


def verified_address(login: SocialLogin) -> str:
    """Return the address that the provider uses for the user and has verified, as we store it.

    Raises EmailNotVerified, also if registration would reject the address.
    """
    for each in login.email_addresses:
        if each.primary and each.verified:
            serializer = EmailSerializer(data={"email": each.email})
            if serializer.is_valid():
                return str(serializer.validated_data["email"])
    raise errors.EmailNotVerified
