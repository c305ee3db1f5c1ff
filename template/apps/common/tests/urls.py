"""Addresses that only these tests have: views that go wrong in many ways, and lists."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import errors, problems
from apps.common.pagination import CursorPagination, PagePagination
from apps.users.models import User


class SoldOut(errors.Conflict):
    code = "sold_out"
    detail = "There is none left."


EXCEPTIONS: dict[str, Exception] = {
    "forbidden": PermissionDenied(),
    "suspicious": SuspiciousOperation(),
    "bug": ZeroDivisionError("the secret of the day"),
    "rule": ValidationError("Not on a Sunday.", code="sunday"),
    "refused": errors.DomainError("Not on a Sunday."),
    "sold-out": SoldOut(next_on="2027-01-01"),
    "mismatch": errors.VersionMismatch(),
    "names": exceptions.ValidationError({"a/b~c": ["Unknown."], "ä c": ["Unknown."]}),
    "away": OperationalError("the secret of the day"),
    "teapot": exceptions.APIException(
        {"detail": "Short and stout.", "code": "teapot", "spout": "here"}
    ),
}


def django_view(request: HttpRequest, name: str) -> HttpResponse:
    raise EXCEPTIONS[name]


class ApiView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, name: str) -> Response:
        raise EXCEPTIONS[name]


class LineSerializer(serializers.Serializer[Any]):
    product = serializers.CharField()


class OrderSerializer(serializers.Serializer[Any]):
    lines = LineSerializer(many=True)
    message = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField(max_length=3))
    size = serializers.ChoiceField(["small", "large"], required=False)
    sizes = serializers.ListField(child=size, required=False)
    stock = serializers.DictField(child=serializers.IntegerField(), required=False)


class OrderView(ApiView):
    def post(self, request: Request) -> Response:
        OrderSerializer(data=request.data).is_valid(raise_exception=True)
        return Response()


class EchoView(ApiView):
    def post(self, request: Request) -> Response:
        return Response([request.data])


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id",)


class ListView(ListAPIView[User]):
    permission_classes = [AllowAny]
    queryset = User.objects.order_by("pk")
    serializer_class = UserSerializer


class NewestPagination(CursorPagination):
    ordering = "-date_joined"


class BrokenPagination(CursorPagination):
    def get_ordering(self, *args: Any) -> Any:
        raise ValueError("the secret of the day")


urlpatterns = [
    path("django/<name>", django_view),
    path("api/order", OrderView.as_view()),
    path("api/echo", EchoView.as_view()),
    path("api/pages", ListView.as_view(pagination_class=PagePagination)),
    path("api/cursor", ListView.as_view(pagination_class=CursorPagination)),
    path("api/newest", ListView.as_view(pagination_class=NewestPagination)),
    path("api/broken", ListView.as_view(pagination_class=BrokenPagination)),
    path("api/<name>", ApiView.as_view()),
]

handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
