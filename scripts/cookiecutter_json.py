"""Writes cookiecutter.json, the questions as Cookiecutter asks them, from those of Copier."""

import json
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment

from scripts.reference import recorded_questions

TARGET = Path(__file__).resolve().parents[1] / "cookiecutter.json"
FEATURE_PROMPT = " (yes or no)"


def document() -> str:
    """Return the text of cookiecutter.json."""
    questions = {
        name: question
        for name, question in recorded_questions().items()
        if question.get("ask") is not False
    }
    defaults: dict[str, Any] = {}
    prompts: dict[str, Any] = {}
    for name, question in questions.items():
        default = in_cookiecutters_terms(str(question["default"]), questions)
        prompts[name] = question["help"]
        if choices := labels(question):
            # Cookiecutter's default is the first choice.
            ordered = sorted(choices, key=lambda value: value != default)
            defaults[name] = ordered
            prompts[name] = {"__prompt__": question["help"]} | {
                value: choices[value] for value in ordered
            }
        elif question["type"] == "bool":
            condition = default.strip().removeprefix("{{").removesuffix("}}").strip()
            defaults[name] = f"{{{{ 'yes' if {condition} else 'no' }}}}"
            prompts[name] += FEATURE_PROMPT
        else:
            defaults[name] = default
    return json.dumps({**defaults, "__prompts__": prompts}, indent=2, ensure_ascii=False) + "\n"


def labels(question: dict[str, Any]) -> dict[str, str]:
    """Return what people read for each value that can be chosen."""
    choices = question.get("choices", {})
    if isinstance(choices, dict):
        return {value: label for label, value in choices.items()}
    return {value: value for value in choices}


def in_cookiecutters_terms(default: str, questions: dict[str, Any]) -> str:
    """Return the default with `name` turned into `cookiecutter.name` inside its expressions."""
    parts, previous, inside = [], "", False
    for _, kind, text in Environment(autoescape=False).lex(default):  # noqa: S701
        inside = (inside and not kind.endswith("_end")) or kind.endswith("_begin")
        is_question = inside and kind == "name" and text in questions and previous not in {".", "|"}
        parts.append(_name(text, questions[text]) if is_question else text)
        previous = previous if kind == "whitespace" else text
    return "".join(parts)


def _name(name: str, question: dict[str, Any]) -> str:
    """Return what stands for an answer. Cookiecutter has texts for yes and no."""
    text = f"cookiecutter.{name}"
    return f"({text} == 'yes')" if question["type"] == "bool" else text


def main() -> None:
    TARGET.write_text(document())
    sys.stdout.write(f"{TARGET.name}\n")


if __name__ == "__main__":
    main()
