"""Writes the pages of docs/reference from copier.yml and files of the generated project."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

from copier._template import load_template_config
from jinja2 import Template

from scripts import lookups
from scripts.diagrams import DIAGRAMS
from scripts.lookups import NOTE

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"


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

`.copier-answers.yml` records each answer. Give an answer on the command line with `--data NAME=VALUE`, and change it later with
`make update DATA=NAME=VALUE`. Copier rejects an answer to an unknown question, and names the question. An invalid answer in `--data` ends with a
traceback; its last line says which values are valid.

## Always asked

{chr(10).join(always)}
## Asked with the preset "custom"

Any other preset answers these questions for you. `--data` overrides its answers.

{chr(10).join(custom)}
## Never asked

{recorded}: the year of the first copy, for the licence. It is recorded with the answers.
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

The commands of a generated project. `make` without a target lists them. CI and the Git hooks run the same commands.

| command | what it does |
|---|---|
{rows}

The targets of a feature exist only in projects that have the feature.
"""


def variables_page() -> str:
    """Return the page that lists the environment variables, from .env.example.

    A test of the generated project compares that file with the kinds in config/variables.py.
    """
    shown = {"database": "postgresql", "cache": "redis", "broker": "redis", "domain": "example.com"}
    for name in (
        "cache_url",
        "cache_example",
        "database_example",
        "broker_example",
        "live_example",
    ):
        shown[name] = Template(questions()[name]["default"]).render(shown)
    source = (ROOT / "template" / ".env.example.jinja").read_text()
    source = re.sub(r'# copier: include "(.+)-" ~ (\w+)\n', _of_services, source)
    source = Template(source, keep_trailing_newline=True).render(shown)
    conditions: list[str] = []
    rows = []
    for part in re.findall(r"# copier:.+|(?:# (?!copier).+\n)+(?:[A-Z_]+=.*\n)+", source):
        if not part.startswith("# copier:"):
            rows.append(_variable(part, conditions))
        elif part == "# copier: endif":
            conditions.pop()
        else:
            conditions.append(part.partition(" if ")[2])
    return f"""{NOTE}
# Environment variables

The variables that a generated project reads, each with its default for local development. `.env.example` lists those that your project has. The service does not
start with a wrong value: it lists all that is wrong, by name. For each variable, `NAME_FILE=/path` reads `NAME` from a file.

| variable | default | |
|---|---|---|
{chr(10).join(rows)}
"""


def _of_services(include: re.Match[str]) -> str:
    """Return the lines of all services in the place of those of the chosen one."""
    folder, question = include.groups()
    return "".join(
        f'# copier: if {question} == "{path.name.rpartition("-")[2]}"\n{path.read_text()}'
        "# copier: endif\n"
        for path in sorted((ROOT / folder).parent.glob(f"{Path(folder).name}-*"))
    )


def _variable(part: str, conditions: list[str]) -> str:
    lines = part.splitlines()
    text = " ".join(line.removeprefix("# ") for line in lines if line.startswith("#"))
    pairs = [line.split("=", 1) for line in lines if not line.startswith("#")]
    names = "<br>".join(f"`{name}`" for name, _ in pairs)
    defaults = "<br>".join(f"`{value}`" if value else "" for _, value in pairs)
    only = f" Only with `{' and '.join(conditions)}`." if conditions else ""
    return f"| {names} | {defaults} | {text}{only} |"


def booking_states() -> str:
    """Return the Mermaid source of the state machine of bookings, from its table of transitions."""
    tree = ast.parse((ROOT / "template" / "apps" / "bookings" / "states.py").read_text())
    table = next(node.value for node in tree.body if isinstance(node, ast.AnnAssign))
    lines = ["stateDiagram-v2", "[*] --> requested: guest"]
    for row in ast.unparse(table or tree).split("}"):
        if names := re.findall(r"(?:State|Role)\.(\w+)", row):
            start, end, *roles = (name.lower() for name in names)
            lines.append(f"{start} --> {end}: {', '.join(roles)}")
    return "\n".join([*lines, ""])


PAGES = {
    "questions.md": questions_page,
    "make.md": make_page,
    "variables.md": variables_page,
    **lookups.PAGES,
}
# What other places show of the same sources.
ELSEWHERE = {
    DIAGRAMS / "booking-states.mmd": booking_states,
    lookups.IN_PROJECT: lookups.in_project,
}


def main() -> None:
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page())
        sys.stdout.write(f"docs/reference/{name}\n")
    for path, text in ELSEWHERE.items():
        path.write_text(text())
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
