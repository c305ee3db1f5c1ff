"""Writes the pages of docs/reference from copier.yml and the generated project's Makefile."""

import re
import sys
from pathlib import Path
from typing import Any

from copier._template import load_template_config

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py: `make format` writes it anew. -->"


def questions() -> dict[str, dict[str, Any]]:
    """Return every question by its name, the computed ones among them."""
    config = load_template_config(ROOT / "copier.yml")
    return {name: config[name] for name in config if not name.startswith("_")}


def recorded_questions() -> dict[str, dict[str, Any]]:
    """Return the questions whose answers are kept: all but the computed ones."""
    return {name: each for name, each in questions().items() if each.get("when") is not False}


def questions_page() -> str:
    """Return the page that lists the questions."""
    always, custom, computed = [], [], []
    for name, question in recorded_questions().items():
        if question.get("ask") is False:
            computed.append(name)
        elif "ask" in question:
            custom.append(_question(name, question))
        else:
            always.append(_question(name, question))
    recorded = ", ".join(f"`{name}`" for name in computed)
    return f"""{NOTE}
# Questions

Each answer is kept in `.copier-answers.yml`. To give one on the command line: `--data NAME=VALUE`. To change one later:
`make update DATA=NAME=VALUE`. An answer to a question that there is not is refused by name. A bad answer given by `--data` ends with a
traceback; its last line says what is allowed.

## Asked always

{chr(10).join(always)}
## Asked with the preset "custom"

With another preset these take the defaults that it sets, and can be given by `--data` all the same.

{chr(10).join(custom)}
## Recorded without being asked

{recorded}: the year of the first copy, for the licence.
"""


def _question(name: str, question: dict[str, Any]) -> str:
    lines = [f"`{name}`", f": {question['help']}"]
    choices = question.get("choices")
    if isinstance(choices, dict):
        lines += ["", *(f"  - `{value}`: {label}" for label, value in choices.items())]
    elif choices:
        lines += ["", *(f"  - `{value}`" for value in choices)]
    default = str(question["default"])
    if "{" not in default:
        lines += ["", f"  Default: `{default}`"]
    return "\n".join([*lines, ""])


def make_page() -> str:
    """Return the page that lists the make targets of a generated project."""
    source = (ROOT / "template" / "Makefile.jinja").read_text()
    targets = re.findall(r"^([a-z-]+):.*## (.+)$", source, re.MULTILINE)
    rows = "\n".join(f"| `make {name}` | {text} |" for name, text in targets)
    return f"""{NOTE}
# Make targets

The commands of a generated project. `make` alone lists them. CI and the Git hooks call the same ones.

| command | what it does |
|---|---|
{rows}

Those of a feature are there only with it.
"""


PAGES = {"questions.md": questions_page, "make.md": make_page}


def main() -> None:
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page())
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
