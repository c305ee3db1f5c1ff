import pytest
from rest_framework.test import APIClient


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/problem+json", 200),
        ("application/problem+json;q=0.9, text/html;q=0.5", 200),
        ("text/html", 406),
    ],
)
def test_a_client_that_accepts_problems_alone_gets_json(
    user_api: APIClient, accept: str, status: int
) -> None:
    response = user_api.get("/api/v1/users/me/", headers={"accept": accept})
    assert response.status_code == status
    assert response["Content-Type"] == f"application/{'json' if status == 200 else 'problem+json'}"
