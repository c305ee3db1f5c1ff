"""GraphiQL: a page of development, whose script is not part of the project."""

import pytest
from django.test import Client
from pytest_django import Settings


def test_it_does_not_exist_in_production() -> None:
    assert Client().get("/graphiql/").status_code == 404


@pytest.mark.parametrize("path", [None, "graphiql.min.js"])
def test_it_is_shown_in_development_or_says_what_it_needs(
    path: str | None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr("django.contrib.staticfiles.finders.find", lambda _: path)
    response = Client().get("/graphiql/")
    assert response.status_code == 200
    page = response.content.decode()
    assert ("make graphiql" in page) == (path is None)
    assert ("<script " in page) == (path is not None)
    # Scripts are our own files only.
    policy = response["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert not [each for each in policy if each.startswith("script-src")]
