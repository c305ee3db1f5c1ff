"""GraphiQL in a browser: with its files, under the policy of the project, which forbids all others."""

import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import Site, fetch
from tests.projects import run

pytestmark = pytest.mark.skipif(not shutil.which("npm"), reason="no npm on this machine")
PASSWORD = "swordfish-tea-lamp"  # noqa: S105  # of nobody
USER = f"""
from django.utils import timezone
from apps.users.models import User
User.objects.create_user(
    "ada@example.com", "{PASSWORD}", name="Ada", email_confirmed_at=timezone.now()
)
print("created")
"""
Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def site_answers() -> dict[str, Any]:
    return {"preset": "minimal", "use_graphql": True}


def test_graphiql_runs_a_query_as_a_user_and_shows_the_schema(site: Site, visit: Visit) -> None:
    url = f"{site.url}/graphiql/"
    assert "Run make graphiql (needs Node.js)" in visit(url).inner_text("body")
    run("make", "graphiql", cwd=site.project, **site.environment.variables)
    site.shell(USER)

    page = visit("about:blank")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    body = {"email": "ada@example.com", "password": PASSWORD}
    token = fetch(page, "POST", "/api/v1/auth/token/", body)[1]["access"]
    page.get_by_role("button", name="Headers").click()
    type_into(page, ".graphiql-editor-tool", f'{{"Authorization": "Bearer {token}"}}')
    type_into(page, ".graphiql-query-editor", "{ me { name } }")
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text(re.compile(r'"name":\s*"Ada"'))
    page.get_by_role("button", name="Show Documentation Explorer").click()
    page.locator(".graphiql-doc-explorer").get_by_role("link", name="Query").click()
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("me: User")
    assert said == []


def type_into(page: Page, editor: str, text: str) -> None:
    """Replace the text of an editor, which closes no brackets for a text that is inserted at once."""
    page.locator(f"{editor} .CodeMirror:visible").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
