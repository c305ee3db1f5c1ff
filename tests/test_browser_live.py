"""The page that shows live events: what arrives while the server is up, and what it has missed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browsers import Site
from tests.projects import free_port
from tests.stacks import serving

USER = """
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from apps.users.models import User
user = User.objects.create_user("ada@example.com", "-", email_confirmed_at=timezone.now())
print(user.pk, AccessToken.for_user(user))
"""
PUBLISH = """
from apps.live.services import publish
publish([{user}], "tested", {{"word": "{word}"}})
print()
"""
COMMAND = "-m granian --interface asgi --ws --workers 1 --port {port} config.live:application"


@pytest.fixture(scope="module")
def site_answers() -> dict[str, Any]:
    return {"preset": "api", "use_websockets": True}


def test_a_page_shows_events_as_they_arrive_and_those_that_it_has_missed(
    site: Site, visit: Callable[[str], Page]
) -> None:
    port = free_port()
    user, token = site.shell(USER).split()

    def live() -> AbstractContextManager[None]:
        command = [str(site.environment.python), *COMMAND.format(port=port).split()]
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
        return serving(site.project, port, *command, **site.variables, **settings)

    def publish(word: str) -> None:
        site.manage("shell", "--command", PUBLISH.format(user=user, word=word))

    with live():
        page = visit(f"http://localhost:{port}/live/")
        page.fill("[name=token]", token)
        page.click("button")
        page.get_by_text("Connected, after event 0.").wait_for()
        publish("lake")
        page.get_by_text('1 tested {"word":"lake"}').wait_for()
    page.get_by_text("Closed:").wait_for()
    publish("sea")
    with live():
        page.get_by_text('2 tested {"word":"sea"}').wait_for(timeout=30_000)
    assert page.locator("li").count() == 2
