"""Finds what a reader looks up in the code of the template: error codes, log events, conditions of files."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path

from copier._template import load_template_config

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "template"
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
# The problems of Django REST framework and simplejwt, which the code does not name. A test compares
# them with the packages.
OF_LIBRARIES = {
    "not_authenticated": (401, "NotAuthenticated"),
    "authentication_failed": (401, "AuthenticationFailed"),
    "token_not_valid": (401, "InvalidToken"),
    "no_active_account": (401, "AuthenticationFailed"),
    "permission_denied": (403, "PermissionDenied"),
    "not_found": (404, "NotFound"),
    "method_not_allowed": (405, "MethodNotAllowed"),
    "not_acceptable": (406, "NotAcceptable"),
    "parse_error": (400, "ParseError"),
    "unsupported_media_type": (415, "UnsupportedMediaType"),
    "throttled": (429, "Throttled"),
    "invalid": (400, "ValidationError"),
}
# What django-structlog logs: the level and the fields. A test compares the names with the package.
OF_STRUCTLOG = {
    "request_finished": ("info, and error for a 5xx", "request, code, user_id, duration_ms"),
    "request_failed": ("error", "request, code, exception, duration_ms"),
    "task_enqueued": ("info", "child_task_id, child_task_name, routing_key"),
    "task_started": ("info", "task, task_id"),
    "task_succeeded": ("info", "task_id, duration_ms"),
    "task_retrying": ("warning", "task_id, reason"),
    "task_failed": ("error", "task_id, error, exception, duration_ms"),
    "task_revoked": ("warning", "task, task_id, terminated, expired"),
    "task_not_found": ("error", "task, task_id"),
    "task_rejected": ("error", "task_id, exception"),
}
# The statuses of exceptions of libraries that the code derives its own from.
STATUSES = {name: status for status, name in OF_LIBRARIES.values()} | {
    "Conflict": 409,
    "VersionMismatch": 412,
    "DomainError": 422,
}


@dataclass
class Error:
    code: str
    status: int
    detail: str
    places: set[str] = field(default_factory=set)


@dataclass
class Event:
    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    when: str = ""


@dataclass(frozen=True)
class Scope:
    """A function or a class, the module that it is in, and the text that explains it."""

    path: str
    node: ast.FunctionDef | ast.ClassDef | ast.Module
    text: str


@cache
def modules() -> dict[str, ast.Module]:
    """Return the modules of the template's apps, without tests and migrations, by their paths."""
    found = {}
    for path in sorted((TEMPLATE / "apps").rglob("*.py*")):
        name = path.relative_to(TEMPLATE)
        if not {"tests", "migrations"} & set(name.parts):
            found[str(name).removesuffix(".jinja")] = ast.parse(path.read_text())
    return found


def calls() -> Iterator[tuple[ast.Call, Scope]]:
    """Yield each call in the code, with the innermost function that it is in."""
    for path, tree in modules().items():
        yield from _calls(tree, Scope(path, tree, ""))


def _calls(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = Scope(scope.path, child, first_sentence(child) or scope.text)
        if isinstance(child, ast.Call):
            yield child, scope
        yield from _calls(child, inner)


def first_sentence(node: ast.FunctionDef | ast.ClassDef) -> str:
    text = " ".join((ast.get_docstring(node) or "").split())
    return text.partition(". ")[0].rstrip(".")


def text_of(node: ast.expr | None) -> str:
    """Return the text of a literal, also where it is marked for translation."""
    if isinstance(node, ast.Call) and node.args:
        return text_of(node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# Errors


def errors() -> list[Error]:
    """Return the problems that the API may respond with, by status and code."""
    found: dict[tuple[int, str], Error] = {}

    def add(code: str, status: int, detail: str, place: str) -> None:
        error = found.setdefault((status, code), Error(code, status, detail))
        error.places.add(place)

    for code, (status, name) in OF_LIBRARIES.items():
        add(code, status, "", f"`{name}` of the libraries")
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and (code := class_value(node, "code")):
                detail = class_value(node, "detail") or first_sentence(node)
                add(code, status_of(node), detail, f"`{path}::{node.name}`")
    for call, scope in calls():
        if ast.unparse(call.func).endswith("problem_response") and (code := keyword(call, "code")):
            name = next(arg.attr for arg in call.args if isinstance(arg, ast.Attribute))
            add(code, HTTPStatus[name], keyword(call, "detail"), f"`{place(scope)}`")
    return sorted(found.values(), key=lambda error: (error.status, error.code))


def field_errors() -> dict[str, Error]:
    """Return the codes in `errors` of a 400, by name: the code's own, and no forms of the admin."""
    found: dict[str, Error] = {}
    for call, scope in calls():
        name = ast.unparse(call.func).rpartition(".")[2]
        is_form = re.search(r"(admin|forms|audit)\.py$", scope.path)
        if is_form or name not in {"ValidationError", "ErrorDetail", "__init__"}:
            continue
        code = keyword(call, "code")
        if name == "ErrorDetail" and len(call.args) > 1:
            code = text_of(call.args[1])
        if code and code != "invalid":
            text = text_of(call.args[0]) if call.args else ""
            error = found.setdefault(code, Error(code, 400, text))
            error.places.add(f"`{place(scope)}`")
    return dict(sorted(found.items()))


def class_value(node: ast.ClassDef, name: str) -> str:
    """Return what a class assigns to `name` or `default_name`, if it is a text."""
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            target = ast.unparse(statement.targets[0])
            if target in {name, f"default_{name}"}:
                return text_of(statement.value)
    return ""


def status_of(node: ast.ClassDef) -> int:
    """Return the status of an exception: its own, or that of the class it is derived from."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and "status_code" in ast.unparse(statement.targets[0]):
            name = ast.unparse(statement.value)
            number = re.search(r"HTTP_(\d+)", name)
            return int(number[1]) if number else HTTPStatus[name.rpartition(".")[2]]
    if node.name in STATUSES:
        return STATUSES[node.name]
    base = ast.unparse(node.bases[0]).rpartition(".")[2]
    return STATUSES[base] if base in STATUSES else status_of(classes()[base])


@cache
def classes() -> dict[str, ast.ClassDef]:
    trees = modules().values()
    return {n.name: n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}


def keyword(call: ast.Call, name: str) -> str:
    return next((text_of(each.value) for each in call.keywords if each.arg == name), "")


def place(scope: Scope) -> str:
    name = getattr(scope.node, "name", "")
    return f"{scope.path}::{name}" if name else scope.path


# Events


def events() -> dict[str, Event]:
    """Return the events that the code logs, by name."""
    found: defaultdict[str, Event] = defaultdict(Event)
    for call, scope in calls():
        if level := level_of(call):
            for name, where, more in texts(call.args[0], scope):
                event = found[name]
                event.levels.add(level)
                event.fields |= fields_of(call) | (more if takes_any(call) else set())
                event.places.add(f"`{place(where)}`")
                event.when = event.when or where.text
    return dict(sorted(found.items()))


def level_of(call: ast.Call) -> str:
    """Return the level of a call that logs an event, or nothing for other calls."""
    name = ast.unparse(call.func)
    if name == "audit.record":
        return "audit"
    receiver, _, level = name.rpartition(".")
    return level if receiver == "logger" and level in LEVELS and call.args else ""


def fields_of(call: ast.Call) -> set[str]:
    names = {each.arg for each in call.keywords if each.arg}
    return {"exception" if name == "exc_info" else name for name in names}


def takes_any(call: ast.Call) -> bool:
    return any(each.arg is None for each in call.keywords)


def texts(node: ast.AST | None, scope: Scope) -> Iterator[tuple[str, Scope, set[str]]]:
    """Yield the texts that an expression may be: each with the function that it is written in.

    Where that function passes the text on to others, also with the keywords that it passes with it.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, scope, set()
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, scope)
        yield from texts(node.orelse, scope)
    elif isinstance(node, ast.JoinedStr):
        start, name = node.values
        for text, where, more in texts(getattr(name, "value", None), scope):
            yield f"{getattr(start, 'value', '')}{text}", where, more
    elif isinstance(node, ast.Subscript):
        for each in ast.walk(modules()[scope.path]):
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == ast.unparse(
                node.value
            ):
                for value in getattr(each.value, "values", ()):
                    yield from texts(value, scope)
    elif isinstance(node, ast.Name | ast.Attribute):
        yield from texts_of_name(ast.unparse(node), scope)


def texts_of_name(name: str, scope: Scope) -> Iterator[tuple[str, Scope, set[str]]]:
    function = scope.node
    if name.startswith("self."):
        yield from texts_of_keyword(name.removeprefix("self."), scope)
    if not isinstance(function, ast.FunctionDef):
        return
    parameters = [arg.arg for arg in function.args.args if arg.arg != "self"]
    if name in parameters:
        for call, where in calls():
            called = ast.unparse(call.func).rpartition(".")[2]
            is_near = where.path == scope.path or not called.startswith("_")
            if called == function.name and is_near and len(call.args) > parameters.index(name):
                for text, origin, more in texts(call.args[parameters.index(name)], where):
                    yield text, origin, more | fields_of(call) - {"user", "mail", "to"}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            yield from texts(node.value, scope)
        elif isinstance(node, ast.For) and name in ast.unparse(node.target):
            yield from yielded(getattr(node.iter, "func", node.iter), scope)


def texts_of_keyword(name: str, scope: Scope) -> Iterator[tuple[str, Scope, set[str]]]:
    """Yield what calls pass as a keyword, for the attribute of this name that keeps it."""
    for call, where in calls():
        if text := keyword(call, name):
            more = fields_of(call) - {"pause", "failure", "recovery"}
            yield text, Scope(where.path, where.node, scope.text), more


def yielded(function: ast.expr, scope: Scope) -> Iterator[tuple[str, Scope, set[str]]]:
    """Yield the texts at the beginning of the tuples that a function of the module yields."""
    for each in ast.walk(modules()[scope.path]):
        if isinstance(each, ast.FunctionDef) and each.name == ast.unparse(function):
            for node in ast.walk(each):
                if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                    where = Scope(scope.path, each, first_sentence(each))
                    yield from texts(node.value.elts[0], where)


# Conditions of files


@cache
def exclusions() -> list[tuple[str, str]]:
    """Return each pattern of `_exclude` that depends on an answer, with the condition that it has."""
    rows = load_template_config(ROOT / "copier.yml")["_exclude"]
    matches = (re.fullmatch(r"\{% if (.+?) %\}(.+)\{% endif %\}", row) for row in rows)
    return [(match[2], match[1]) for match in matches if match]
