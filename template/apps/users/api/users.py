"""Users as a resource: oneself for everybody, all of them for staff."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.serializers import BaseSerializer

from apps.common.pagination import PagePagination
from apps.common.schema import FIRST_ID, links
from apps.users import selectors, services
from apps.users.api.serializers import UserSerializer
from apps.users.models import User

current_user = selectors.current_user  # its place in 0.1.0


@extend_schema_view(get=extend_schema(extensions=links(users_retrieve={"path.id": FIRST_ID})))
class UserListView(ListAPIView[User]):
    """List the users, the newest first. For staff."""

    permission_classes = [IsAdminUser]
    serializer_class = UserSerializer
    pagination_class = PagePagination

    def get_queryset(self) -> QuerySet[User]:
        return selectors.users()


class UserDetailView(RetrieveAPIView[User]):
    """Read one user. For staff."""

    permission_classes = [IsAdminUser]
    serializer_class = UserSerializer

    def get_queryset(self) -> QuerySet[User]:
        return selectors.users()


class MeView(RetrieveUpdateAPIView[User]):
    """Read or change oneself."""

    serializer_class = UserSerializer
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self) -> User:
        return selectors.current_user(self.request)

    def perform_update(self, serializer: BaseSerializer[User]) -> None:
        services.change_profile(user=self.get_object(), **serializer.validated_data)
