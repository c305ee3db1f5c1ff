"""Users as a resource: their own account for all users, every account for staff."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.common.pagination import PagePagination
from apps.common.projection import ProjectionMixin
from apps.common.schema import FIRST_ID, links
from apps.users import selectors, services
from apps.users.api.serializers import UserSerializer
from apps.users.models import User


class MayViewUsers(IsAdminUser):
    """Allows what the admin site allows: e-mail addresses are personal data, also among staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm("users.view_user")


current_user = selectors.current_user  # for projects that import it from here, as in 0.1.0


@extend_schema_view(get=extend_schema(extensions=links(users_retrieve={"path.id": FIRST_ID})))
class UserListView(ProjectionMixin, ListAPIView[User]):
    """List all users, newest first. For staff with the permission to view users."""

    permission_classes = [MayViewUsers]
    serializer_class = UserSerializer
    pagination_class = PagePagination
    select = staticmethod(selectors.users)


class UserDetailView(ProjectionMixin, RetrieveAPIView[User]):
    """Read one user. For staff with the permission to view users."""

    permission_classes = [MayViewUsers]
    serializer_class = UserSerializer
    select = staticmethod(selectors.users)


class MeView(ProjectionMixin, RetrieveUpdateAPIView[User]):
    """Read or change your own account."""

    serializer_class = UserSerializer
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self) -> User:
        return selectors.current_user(self.request)

    def perform_update(self, serializer: BaseSerializer[User]) -> None:
        services.change_profile(user=self.get_object(), **serializer.validated_data)
