"""Turns the questions of copier.yml into data for the form on the page *Choose your stack*.

Defaults and conditions are Jinja expressions over other answers. They become lists such as
`["ne", ["answer", "preset"], ["const", "minimal"]]`, which docs/static/stack.js evaluates.
"""

from typing import Any

from jinja2 import Environment, nodes

from scripts.cookiecutter_json import labels
from scripts.reference import recorded_questions

# The preset that asks about each part, as the form does.
CUSTOM = "custom"
YES: list[Any] = ["const", True]
OPERATORS = {nodes.And: "and", nodes.Or: "or"}


def form() -> list[dict[str, Any]]:
    """Return what the form has to know of each question that people answer."""
    return [
        {
            "name": name,
            "help": question["help"],
            "type": question["type"],
            "choices": [
                [value, label] for value, label in labels(question).items() if value != CUSTOM
            ],
            "default": default(question),
            "when": expression(question["ask"]) if "ask" in question else YES,
            "part": "ask" in question,
            "invalid": invalid(question.get("validator", "")),
        }
        for name, question in recorded_questions().items()
        if question.get("ask") is not False
    ]


def default(question: dict[str, Any]) -> list[Any] | None:
    """Return the default, or None if Copier computes it by more than an expression."""
    text = str(question["default"])
    if "{%" in text:
        return None
    return expression(text) if "{{" in text else ["const", text]


def invalid(validator: str) -> list[Any] | None:
    """Return when an answer is rejected, and the message, if other answers decide on it alone."""
    parts = [part for part in parse(validator) if not isinstance(part, nodes.Output)]
    if len(parts) != 1 or not isinstance(parts[0], nodes.If) or parts[0].else_:
        return None
    condition = parts[0]
    if any(condition.test.find_all(nodes.Filter)):
        return None
    data = next(condition.find_all(nodes.TemplateData)).data
    return [tree(condition.test), data.strip()]


def parse(text: str) -> list[nodes.Node]:
    return Environment(autoescape=False).parse(text).body  # noqa: S701  # nothing is rendered


def expression(text: str) -> list[Any]:
    """Return the expression of a text that has nothing but `{{ … }}`."""
    (output,) = parse(text)
    (node,) = output.iter_child_nodes()
    return tree(node)


def tree(node: nodes.Node) -> list[Any]:
    """Return an expression as lists. Raises ValueError if the form could not evaluate it."""
    match node:
        case nodes.Const(value=value):
            return ["const", value]
        case nodes.Name(name=name):
            return ["answer", name]
        case nodes.Not(node=operand):
            return ["not", tree(operand)]
        case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
            return [OPERATORS[type(node)], tree(left), tree(right)]
        # The form asks about each part, and no new project has a year.
        case (
            nodes.Compare(
                expr=nodes.Name(name="preset"),
                ops=[nodes.Operand(op="eq", expr=nodes.Const(value="custom"))],
            )
            | nodes.Test(name="undefined", node=nodes.Name(name="created_year"))
        ):
            return YES
        case nodes.Compare(expr=left, ops=[nodes.Operand(op="eq" | "ne" as operator, expr=right)]):
            return [operator, tree(left), tree(right)]
    raise ValueError(f"The form on Choose your stack cannot evaluate {node}.")
