"""Builds the handbook. Its excerpts come from a project that is rendered for this build."""

import json
import os
import re
import shutil
import sys
import tomllib
from html import escape
from pathlib import Path
from typing import Any

from copier import run_copy
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

HERE = Path(__file__).parent
PROJECT = HERE / "_build" / "project"
GENERATED = HERE / "_build" / "static"
sys.path.insert(0, str(HERE.parent))

from scripts import redoc, stack  # noqa: E402  # it is found now

# Where the repository and the published site are, if they are anywhere: .github/workflows/docs.yaml.
REPOSITORY = os.environ.get("NEXUS_REPOSITORY", "").removesuffix(".git").rstrip("/")
CLONE = '"$PWD/nexus"'
TEMPLATE = f"{REPOSITORY}.git" if REPOSITORY else CLONE
COMMANDS_WITH_TEMPLATE = {"index"}
ALSO_KNOWN_AS = "Also known as:"
DESCRIPTION_LENGTH = 200


def render_project() -> None:
    """Copy the template with everything that it has, as it stands in the working tree."""
    source = HERE / "_build" / "template"
    for folder in (source, PROJECT):
        shutil.rmtree(folder, ignore_errors=True)
    for part in ("questions", "includes", "template"):
        shutil.copytree(HERE.parent / part, source / part)
    shutil.copy(HERE.parent / "copier.yml", source)
    run_copy(str(source), PROJECT, data={"preset": "full"}, defaults=True, quiet=True)


def write_questions() -> None:
    """Write the questions for the form of the page *Choose your stack*."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    data = json.dumps({"template": TEMPLATE, "questions": stack.form()}, indent=1)
    (GENERATED / "stack-questions.js").write_text(f"window.stackQuestions = {data};\n")


render_project()
write_questions()

project = "Nexus"
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]["version"]
copyright = "2026, the Nexus developers"  # noqa: A001  # Sphinx's name
extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
nitpicky = True

# A copy button copies commands and code, but no prompt and no output.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = f"Nexus {release}"
html_baseurl = os.environ.get("NEXUS_SITE", "")
html_favicon = "static/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_static_path = ["static", str(GENERATED)]
html_extra_path = [redoc.write(HERE / "_build" / "redoc")]
html_css_files = ["handbook.css", "print.css"]
html_search_scorer = str(HERE / "static" / "scorer.js")
if REPOSITORY:
    html_theme_options = {
        "source_repository": REPOSITORY,
        "source_branch": "main",
        "source_directory": "docs/",
    }


def name_template(_: Sphinx, page: str, source: list[str]) -> None:
    """Name the published repository in a command where there is one."""
    if page in COMMANDS_WITH_TEMPLATE:
        source[0] = source[0].replace(CLONE, TEMPLATE)


def index_other_names(_: Sphinx, document: nodes.document) -> None:
    """Make index entries of the words of *Also known as*, so that the search finds their page."""
    for paragraph in list(document.findall(nodes.paragraph)):
        text = paragraph.astext()
        if text.startswith(ALSO_KNOWN_AS):
            names = other_names(text.removeprefix(ALSO_KNOWN_AS))
            entries = [("single", name, "", "main", None) for name in sorted(names)]
            paragraph.parent.append(addnodes.index(entries=entries))


def other_names(text: str) -> set[str]:
    """Return each name, those in brackets as well, and with spaces in the place of hyphens."""
    names = set()
    for name in re.split(r"[,;]\s", " ".join(text.split()).rstrip(".")):
        plain = name.strip("“”\"'")
        outer, _, inner = plain.partition(" (")
        names |= {outer, inner.rstrip(")"), *outer.split("/")}
    return {each for name in names for each in (name, name.replace("-", " ")) if each}


def describe(
    app: Sphinx, page: str, _: str, context: dict[str, Any], document: nodes.document | None
) -> None:
    """Give a page its description, for search engines and for links in messages."""
    if page == "get-started/choose-your-stack":
        app.add_js_file("stack-questions.js")
        app.add_js_file("stack.js")
    text = description(document) if document else ""
    tags = {
        "name=description": text,
        "property=og:title": re.sub(r"<[^>]+>", "", context.get("title", "")),
        "property=og:description": text,
        "property=og:type": "article",
        "property=og:site_name": project,
        "property=og:url": context.get("pageurl") or "",
    }
    context["metatags"] = context.get("metatags", "") + "".join(
        '<meta {}="{}" content="{}">\n'.format(*key.split("="), escape(value))
        for key, value in tags.items()
        if value
    )


def description(document: nodes.document) -> str:
    """Return the first sentences of a page, without its other names."""
    for paragraph in document.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if not text.startswith((ALSO_KNOWN_AS, "Needs the example marketplace")):
            if len(text) <= DESCRIPTION_LENGTH:
                return text
            return text[:DESCRIPTION_LENGTH].rpartition(" ")[0] + " …"
    return ""


def setup(app: Sphinx) -> None:
    app.connect("source-read", name_template)
    app.connect("doctree-read", index_other_names)
    app.connect("html-page-context", describe)
