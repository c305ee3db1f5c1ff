"""The access test of a generated project finds routes that the project's owner adds."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.projects import ENVIRONMENT, ROOT, Renderer

# Routes that need no row, because they reject anonymous clients: of all kinds.
CLOSED = """\
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import include, path, re_path
from rest_framework import routers, serializers, viewsets
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from config import access as table


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ("name",)


class GroupViewSet(viewsets.ModelViewSet):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer


@api_view(["GET", "POST"])
def closed(request, **parameters):
    return Response({})


@api_view(["GET", "POST"])
@permission_classes([AllowAny])
def opened(request, **parameters):
    return Response({})


@login_required
def page(request):
    return HttpResponse()


router = routers.DefaultRouter()
router.register("groups", GroupViewSet)
api_v1 = [
    path("", include(router.urls)),
    path("orders/", closed),
    path("orders/<uuid:pk>/", closed),
    re_path(r"^orders/(?P<year>[0-9]{4})/$", closed),
]
urlpatterns = [path("page/", page)]
"""
# Routes that need one.
OPENED = """\
api_v1 += [path("shops/", opened), path("shops/<uuid:pk>/", opened)]
urlpatterns += [path("hook/", lambda request: HttpResponse())]
"""
ROWS = """\
access = {
    **{f"{method} /api/v1/shops/": table.EVERYONE for method in ("GET", "POST")},
    **{f"{method} /api/v1/shops/{{id}}/": table.EVERYONE for method in ("GET", "POST")},
    **{f"{method} /hook/": table.IGNORES_TOKENS for method in ("GET", "POST")},
    "GET /api/v1/orders/": table.SIGNED_IN,
    "GET /api/v1/groups/{id}/": table.SIGNED_IN,
}
"""
WRONG_ROW = 'access["POST /api/v1/orders/"] = table.STAFF\n'


@pytest.fixture
def project(render: Renderer) -> Path:
    return render(preset="minimal")


def failures(project: Path, environment_for: Any, own_urls: str) -> str:
    """Return what the access test of a project with these routes complains about."""
    (project / "config/own_urls.py").write_text(own_urls)
    process = subprocess.run(
        ["make", "access", "test", "ARGS=-n0 -q --tb=short config/tests/test_access.py"],
        cwd=project,
        env=ENVIRONMENT | environment_for("5.2").variables,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = process.stdout.splitlines()
    return "\n".join(line for line in lines if line.startswith(("E ", "FAILED", "ERROR")))


def test_routes_that_reject_anonymous_clients_need_no_row(
    project: Path, environment_for: Any
) -> None:
    assert failures(project, environment_for, CLOSED) == ""


def test_a_route_that_accepts_anonymous_clients_needs_a_row(
    project: Path, environment_for: Any
) -> None:
    found = failures(project, environment_for, CLOSED + OPENED)
    for route in ("GET /hook/", "GET /api/v1/shops/", "POST /api/v1/shops/{id}/"):
        assert f"{route} accepts anonymous clients: if it should, give config/own_urls.py" in found
    assert "orders" not in found
    assert "groups" not in found


def test_rows_of_own_routes_are_compared_and_documented(
    project: Path, environment_for: Any
) -> None:
    own_urls = CLOSED + OPENED + ROWS
    assert failures(project, environment_for, own_urls) == ""
    assert "| `GET /hook/` | everyone |  | ignored |" in (project / "docs/access.md").read_text()
    found = failures(project, environment_for, own_urls + WRONG_ROW)
    assert "POST /api/v1/orders/: allowed, not 403" in found


def test_a_new_route_of_the_template_needs_a_row(project: Path, environment_for: Any) -> None:
    urls = project / "apps/users/api/urls.py"
    new = '    path("users/new/", users.MeView.as_view()),\n    path("users/me/"'
    urls.write_text(urls.read_text().replace('    path("users/me/"', new))
    own_urls = (project / "config/own_urls.py").read_text()
    found = failures(project, environment_for, own_urls)
    for method in ("GET", "PATCH"):
        assert f"{method} /api/v1/users/new/: give it a row in config/access.py." in found


def test_every_app_with_an_api_has_a_section() -> None:
    table = (ROOT / "template/config/access.py.jinja").read_text()
    apps = {path.parts[-3] for path in (ROOT / "template/apps").glob("*/api/urls*")}
    assert len(apps) > 3
    assert [app for app in apps if f'"apps.{app}": {{' not in table] == []
