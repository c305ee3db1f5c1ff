import pytest
from rest_framework.throttling import SimpleRateThrottle

from apps.api_keys.tests.factories import client_with, create_key
from apps.users.models import User


@pytest.mark.parametrize("path", ["/api/v1/listings/", "/api/v2/listings/"])
@pytest.mark.parametrize(
    ("scope", "status"), [("read", 200), ("listings:read", 200), ("bookings:read", 403)]
)
def test_a_public_list_needs_the_scope_of_a_key_and_has_its_rate_limit(
    user: User, monkeypatch: pytest.MonkeyPatch, path: str, scope: str, status: int
) -> None:
    for name in ("anon", "user"):
        monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, name, "9/min")
    response = client_with(create_key(user, [scope])[1]).get(path)
    assert response.status_code == status
    assert ('"user"' in response.get("RateLimit", "")) == (status == 200)


def test_a_public_list_rejects_an_invalid_key(db: None) -> None:
    assert client_with("x").get("/api/v2/listings/").status_code == 401
