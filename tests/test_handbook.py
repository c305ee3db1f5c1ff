"""The handbook in Chromium: its search, keyboard, contrast, a phone, and the form that writes a command."""

import functools
import http.server
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsers import TIMEOUT
from tests.pages import build, handbook_of_one_page
from tests.projects import ROOT, Renderer, run, tree

STACK = ROOT / "docs" / "get-started" / "choose-your-stack.md"
# What people type, and the page that they look for.
QUERIES = {
    "circuit breaker": "practices/resilience",
    "exponential backoff": "practices/jobs",
    "optimistic locking": "practices/concurrency",
    "race condition": "practices/concurrency",
    "keyset pagination": "practices/pagination",
    "role based access": "practices/authorization",
    "backup": "get-started/choose-your-stack",
    "stampede": "practices/cached-reads",
    "scaling": "system-design/growing",
    "JWT": "practices/authentication",
    "authentication": "practices/authentication",
    "GraphQL": "practices/graphql",
    "deployment": "operate/going-live",
    "normalization": "practices/modelling",
    "websocket": "practices/live-events",
    "dead letter": "practices/jobs",
    "ER diagram": "practices/modelling",
    "async": "practices/sync-async-queue",
    "logging": "practices/logging",
    "add an app": "howto/add-an-app",
    "N+1": "practices/orm",
    "permissions": "practices/authorization",
    "CI": "practices/continuous-integration",
    "code review": "practices/git-and-review",
    "CORS": "practices/web-security",
    "retry": "practices/jobs",
    "invalidation": "practices/cached-reads",
    "HTTPS": "practices/web-security",
    "environment variables": "practices/environment",
    "new endpoint": "howto/add-an-endpoint",
    "serializer": "tutorial/3-endpoint",
    "mocking": "practices/mocks-and-fakes",
    "response": "practices/rest-design",
    "middleware": "practices/middleware",
    "load balancing": "practices/shutdown",
}
SEARCH = """query => Search._performSearch(...Search._parseQuery(query)).slice(-3).reverse()
  .map(result => result[0])"""
# They have what all others have: prose, code, tables, cards, tabs, a form, results of a search.
KEY_PAGES = [
    "index.html",
    "start.html",
    "get-started/calls.html",
    "get-started/choose-your-stack.html",
    "get-started/tour.html",
    "practices/contract-first.html",
    "practices/jobs.html",
    "reference/variables.html",
    "troubleshooting/index.html",
    "search.html?q=cache",
]
# Texts that are seen, with less contrast than WCAG 2.2 AA asks for.
LOW_CONTRAST = """() => {
  const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
  const background = element => {
    if (!element) return [255, 255, 255];
    const colour = parse(getComputedStyle(element).backgroundColor);
    return colour[3] === 0 ? background(element.parentElement)
      : colour.length === 3 ? colour : over(colour, background(element.parentElement));
  };
  const luminance = colour => colour.map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let checked = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    const options = {opacityProperty: true, visibilityProperty: true};
    if (!text || !element.checkVisibility(options) || element.closest("svg, script, noscript")) continue;
    const style = getComputedStyle(element);
    const below = background(element);
    const [light, dark] = [luminance(over(parse(style.color), below)), luminance(below)]
      .sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (light + 0.05) / (dark + 0.05);
    checked += 1;
    if (ratio < (isLarge ? 3 : 4.5)) {
      found.add(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${text.slice(0, 40)}`);
    }
  }
  return {checked, found: [...found]};
}"""
# The fragment of a link on the page, and the answers in the command that the form then writes.
CHOICES = {
    "#preset=minimal": "--data preset=minimal",
    "#preset=api&database=mysql&broker=rabbitmq": "--data database=mysql --data broker=rabbitmq",
    # Without accounts there is nothing for other applications to sign in to.
    "#preset=full&use_mfa=false&use_oauth2=true": "--data preset=full --data use_mfa=false",
}
MAIN = 'id="furo-main-content"'
MINUS = "\N{MINUS SIGN}"
COPY = "uvx --from 'copier>=9.19,<10' copier copy --quiet --defaults"


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site(handbook: Path) -> Iterator[str]:
    """Return the URL of the handbook."""
    handler = functools.partial(Files, directory=str(handbook))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture
def show(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page, in a window of that width and colour scheme."""
    contexts = []

    def show(path: str, width: int = 1440, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site}/{path}")
        return page

    yield show
    for context in contexts:
        context.close()


Show = Callable[..., Page]


def test_each_of_35_queries_finds_its_page_among_the_first_three_results(show: Show) -> None:
    page = show("search.html")
    page.wait_for_function("Search.hasIndex()")
    found = {query: page.evaluate(SEARCH, query) for query in QUERIES}
    missed = [
        f"{query}: {found[query]}, without {page}"
        for query, page in QUERIES.items()
        if page not in found[query]
    ]
    assert len(QUERIES) == 35
    assert not missed, "\n".join(missed)


def focused(page: Page) -> str:
    described = "(e => `${e.tagName} ${e.className} ${e.name ?? ''}`)(document.activeElement)"
    return str(page.evaluate(described))


def test_the_keyboard_reaches_the_text_the_search_and_the_menu(show: Show) -> None:
    page = show("practices/jobs.html")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(focused(page))
    assert reached[0].startswith("A skip-to-content")
    assert any(each.endswith(" q") for each in reached)
    switch = next(n for n, each in enumerate(reached) if "toctree-checkbox" in each)
    # The tutorial is the first group that is closed.
    for _ in range(len(reached) - 1 - switch):
        page.keyboard.press("Shift+Tab")
    part = page.get_by_role("link", name="Your first endpoint").first
    assert not part.is_visible()
    page.keyboard.press("Space")
    assert part.is_visible()


def test_the_keyboard_changes_the_tabs(show: Show) -> None:
    page = show("get-started/calls.html")
    page.locator(".sd-tab-set > input").first.focus()
    assert not page.get_by_text("import requests").is_visible()
    page.keyboard.press("ArrowRight")
    assert page.get_by_text("import requests").is_visible()


def test_a_copy_button_copies_commands_without_prompts_and_output(show: Show) -> None:
    page = show("practices/jobs.html", permissions=["clipboard-read", "clipboard-write"])
    block = page.locator(".highlight-console").first
    block.hover()
    block.locator("button").click()
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert len(lines) == block.inner_text().count("$ ") > 1
    assert all(line.startswith("uv run") for line in lines)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_the_contrast_of_wcag_aa(show: Show, site: str, scheme: str) -> None:
    page = show("index.html", color_scheme=scheme)
    found = []
    for path in KEY_PAGES:
        page.goto(f"{site}/{path}")
        if path.startswith("search"):
            page.wait_for_selector("ul.search li")
        result = page.evaluate(LOW_CONTRAST)
        assert result["checked"] > 10, path
        found += [f"{path}: {each}" for each in result["found"]]
    assert not found, "\n".join(found)


def test_no_page_scrolls_sideways_on_a_phone(show: Show, site: str, handbook: Path) -> None:
    page = show("index.html", 390)
    wide = []
    # All but a page of another program, such as ReDoc.
    pages = [path for path in handbook.rglob("*.html") if MAIN in path.read_text()]
    assert len(pages) > 50
    for path in sorted(pages):
        name = str(path.relative_to(handbook))
        page.goto(f"{site}/{name}", wait_until="domcontentloaded")
        width = page.evaluate("document.scrollingElement.scrollWidth")
        content = page.evaluate("document.querySelector('.content')?.scrollWidth ?? 0")
        if max(width, content) > 390:
            wide.append(f"{name}: {width}, {content}")
    assert not wide, "\n".join(wide)


def test_the_menu_opens_on_a_phone(show: Show) -> None:
    page = show("index.html", 390)
    link = page.locator(".sidebar-tree").get_by_role("link", name="Quickstart")
    assert page.evaluate("e => e.getBoundingClientRect().right", link.element_handle()) <= 0
    page.locator(".nav-overlay-icon").click()
    link.click()
    page.wait_for_url("**/start.html")


@pytest.mark.parametrize("fragment", CHOICES)
def test_the_form_writes_the_command_for_the_choices(show: Show, fragment: str) -> None:
    page = show("get-started/choose-your-stack.html")
    page.evaluate("fragment => { location.hash = fragment }", fragment)
    command = page.locator("#stack-command")
    page.wait_for_function(
        "text => document.getElementById('stack-command').textContent.includes(text)",
        arg=CHOICES[fragment],
    )
    assert command.inner_text() == f'{COPY} {CHOICES[fragment]} "$PWD/nexus" my-service'


def test_the_command_of_the_form_copies_what_was_chosen(
    show: Show, template: Path, tmp_path: Path
) -> None:
    page = show("get-started/choose-your-stack.html")
    command = page.locator("#stack-command")
    page.get_by_label("Display name").fill("Ada's Café")
    page.get_by_label("Django release series").select_option("6.1")
    page.get_by_label("Python version").select_option("3.11")
    assert "choose another Python" in page.get_by_role("alert").inner_text()
    assert not command.inner_text()
    page.get_by_label("Python version").select_option("3.12")
    page.get_by_label("Background jobs (Celery)").uncheck()
    assert not page.get_by_label("Message broker").is_visible()
    written = command.inner_text()
    (tmp_path / "nexus").symlink_to(template)
    copier = written.replace("uvx --from 'copier>=9.19,<10' copier", f"{sys.executable} -m copier")
    assert copier != written
    run("bash", "-c", copier, cwd=tmp_path)
    answers = (tmp_path / "ada-s-caf" / ".copier-answers.yml").read_text()
    for answer in ("6.1'", "3.12'", "Ada's Café"):
        assert answer in answers
    assert "use_celery: false\n" in answers
    assert "use_docker: true\n" in answers


def costs() -> dict[str, tuple[int, int]]:
    """Return the files and lines of each answer, as the page shows them."""
    rows = re.findall(
        rf"^\| `(\w+=\w+)` \| ([+{MINUS}]?[\d,]+) \| ([+{MINUS}]?[\d,]+) \|",
        STACK.read_text(),
        re.MULTILINE,
    )
    translate = str.maketrans({MINUS: "-", ",": "", "+": ""})
    return {
        answer: (int(files.translate(translate)), int(lines.translate(translate)))
        for answer, files, lines in rows
    }


def size(project: Path) -> tuple[int, int]:
    files = tree(project).values()
    return len(files), sum(len(content.splitlines()) for content in files)


@pytest.mark.parametrize("answer", costs())
def test_a_choice_costs_about_what_the_page_says(render: Renderer, answer: str) -> None:
    shown = costs()
    name, _, value = answer.partition("=")
    measured = size(
        render(**{"preset": "api", name: {"true": True, "false": False}.get(value, value)})
    )
    if name != "preset":
        usual = size(render(preset="api"))
        measured = (measured[0] - usual[0], measured[1] - usual[1])
    # Files within a tenth, or three; lines within a tenth, or two hundred.
    assert measured[0] == pytest.approx(shown[answer][0], rel=0.1, abs=3)
    assert measured[1] == pytest.approx(shown[answer][1], rel=0.1, abs=200)


def test_a_page_has_a_description_and_an_icon(handbook: Path) -> None:
    text = (handbook / "practices" / "jobs.html").read_text()
    assert re.search('<meta name="description" content="“It is sent in the background” often', text)
    assert '<meta property="og:title" content="Task queues, retries and the outbox">' in text
    assert '_static/favicon.svg"' in text
    assert not (handbook / "genindex.html").exists()


def test_a_published_page_has_its_address_and_leads_to_its_source(tmp_path: Path) -> None:
    page = '# Nexus\n\nCopy it.\n\n    copy "$PWD/nexus"\n'
    docs = handbook_of_one_page(tmp_path / "nexus", page)
    repository = "https://github.com/ada/nexus"
    published = {"NEXUS_REPOSITORY": repository, "NEXUS_SITE": "https://ada.example.org/nexus/"}
    process = build(docs, tmp_path / "site", **published)
    assert process.returncode == 0, process.stderr
    text = (tmp_path / "site" / "index.html").read_text()
    assert '<link rel="canonical" href="https://ada.example.org/nexus/index.html">' in text
    assert f'href="{repository}/edit/main/docs/index.md"' in text
    assert f"copy {repository}.git" in text
