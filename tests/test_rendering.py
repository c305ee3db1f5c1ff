"""What is rendered, for every pair of answers."""

import ast
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from covertable import make

from tests.projects import CHOICES, FEATURES, ROOT, Renderer, lacks, run, tree

HOSTILE = {
    "project_name": 'Zoë\'s "Q" \\ 日本 {{ 7*7 }} 😀',
    "description": 'He said "no" \\ # copier: if true {% raw %} ' + "long " * 14 + "日本.",
    "author_name": 'O\'Hara "& Co" \\ 李',
}


def is_possible(row: dict[str, Any]) -> bool:
    is_too_old = row.get("django_version") == "6.1" and row.get("python_version") == "3.11"
    return not is_too_old and not lacks(row)


def possible(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the row, or further rows that keep its possible pairs."""
    if is_possible(row):
        return [row]
    for name, needed in lacks(row).items():
        return [*possible(row | {name: False}), *possible(row | {needed: True})]
    return [row | {"django_version": "5.2"}, row | {"python_version": "3.12"}]


PAIRWISE = [each for row in make(CHOICES) for each in possible(row)]
# The words that a project does not contain, in whatever spelling, without a feature or a service.
TRACES = {
    "use_celery": r"celery|broker|kombu|\btasks?\.",
    "use_mfa": r"allauth|second.factor|passkey|\bmfa\b|apps[./]accounts|signing.keys|cryptography|jwks"
    r"|use_cookie|api_session|csrf.?token",
    "use_social_sign_in": r"social.sign.in|socialaccount|google_|github_client|oidc_(name|issuer|client)",
    "use_marketplace": r"marketplace|apps[./](rest|listings|bookings|reviews|outlook)|idempotency"
    r"|simple.history|django.filter",
    "use_api_keys": r"api_keys|apikeys|api keys?\b",
    "use_oauth2": r"apps[./]oauth2|allauth\.idp|idp.oidc|oauthlib|/oauth2/|public_url",
    "use_graphql": r"graphql|strawberry|graphiql",
    "use_websockets": r"web.?socket|channels|server.sent.event|LIVE_(?:REDIS|EVENT)|httpx"
    r"|apps[./](live|messaging|outlook)\b|asgiref>=|blockbuster|async_(handler|static|views)"
    r"|weather|exchange.rate",
    "use_monitoring": r"metrics|prometheus|anomal|[./]traffic",
    "use_clients": r"postman|newman|node_modules|typescript|mock server",
    "use_docker": r"docker|compose\b|container image|caddy|mailpit",
    "postgresql": r"postgres|psycopg",
    "mysql": r"mysql|mariadb",
    "redis": r"redis",
    "memcached": r"memcached|pymemcache",
    "rabbitmq": r"rabbitmq|amqps?://",
}


def label(row: dict[str, Any]) -> str:
    return "-".join(str(row[name]) for name in CHOICES)


@pytest.mark.parametrize("answers", PAIRWISE, ids=label)
def test_every_pair_of_answers_renders_clean(render: Renderer, answers: dict[str, Any]) -> None:
    project = render(**answers, **HOSTILE)
    files = tree(project)
    for name, content in files.items():
        if name not in {"LICENSE", "apps/common/static/common/icon.svg"}:
            check_text(name, content.decode())
    for trace in TRACES.keys() - chosen(answers):
        check_absence(trace, files)
    check_style(project)


def chosen(answers: dict[str, Any]) -> set[str]:
    """Return the features and services that a project has."""
    features = {name for name in FEATURES if answers[name]}
    brokers = {answers["broker"]} if answers["use_celery"] else set()
    # Live events need it, whatever the cache and the broker are.
    live = {"redis"} if answers["use_websockets"] else set()
    return features | brokers | live | {answers["database"], answers["cache"]}


def check_text(name: str, text: str) -> None:
    """Fail when a file does not parse, shows its template, or has stray blank lines."""
    own = text
    for answer in HOSTILE.values():
        own = own.replace(answer, "").replace(
            answer.replace("\\", "\\\\").replace('"', "\\u0022"), ""
        )
    is_template = name.endswith((".html", ".txt", ".py-tpl", ".rows-tpl"))
    if not is_template and name != ".copier-answers.yml":
        assert not re.search(r"\{%|\{#|# copier:", own), name
        assert not re.search(r"(?<!\$)\{\{", own), name
    assert "\n\n\n\n" not in text, name
    assert not text.startswith("\n"), name
    assert text == "" or (text.endswith("\n") and not text.endswith("\n\n")), name
    assert not re.search(r"[ \t]$", text, re.MULTILINE), name
    if name == "Makefile":
        assert not re.search(r"[^\n]\n\.PHONY", text), "a target without a blank line before it"
    if name.endswith(".py"):
        ast.parse(text)
    elif name.endswith(".toml"):
        tomllib.loads(text)
    elif name.endswith((".yml", ".yaml")):
        yaml.safe_load(text)


def check_absence(trace: str, files: dict[str, bytes]) -> None:
    """Fail when a project shows a trace of a feature or service that it has not got."""
    for name, content in files.items():
        if name in {".copier-answers.yml", "LICENSE"}:
            continue
        found = re.search(TRACES[trace], name + "\n" + content.decode(), re.IGNORECASE)
        assert not found, f"{name}: {found and found.group()}"


def check_style(project: Path) -> None:
    """Fail when a formatter would change a byte."""
    tools = Path(sys.executable).parent
    run(str(tools / "ruff"), "check", "--no-cache", cwd=project)
    run(str(tools / "ruff"), "format", "--check", "--no-cache", cwd=project)
    run(str(tools / "tombi"), "format", "--offline", "--check", "--quiet", cwd=project)
    run(str(tools / "yamllint"), "--strict", ".", cwd=project)


def test_pairs_are_complete() -> None:
    """Fail when two answers that go together stand together in no option set."""
    names = list(CHOICES)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            expected = {
                (one, two)
                for one in CHOICES[first]
                for two in CHOICES[second]
                if is_possible({first: one, second: two})
            }
            assert {(row[first], row[second]) for row in PAIRWISE} == expected


def test_api_is_full_without_what_api_leaves_out(render: Renderer) -> None:
    left_out = [name for name in FEATURES if name not in {"use_celery", "use_mfa", "use_docker"}]
    answers = dict.fromkeys(left_out, False)
    full, api = tree(render(preset="full", **answers)), tree(render(preset="api"))
    del full[".copier-answers.yml"], api[".copier-answers.yml"]
    assert full == api


def test_rendering_twice_gives_the_same(render: Renderer) -> None:
    assert tree(render.anew()) == tree(render.anew())


def test_the_licence_bears_year_and_owner(render: Renderer) -> None:
    text = (render(author_name="Ada Lovelace", created_year=2026) / "LICENSE").read_text()
    assert "Copyright (c) 2026 Ada Lovelace" in text


def test_a_copy_needs_no_network_and_no_trust(tmp_path: Path, record_property: Any) -> None:
    """Copy as the README says, from a clone, in a network namespace that has no network."""
    clone = tmp_path / "nexus"
    run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone), cwd=tmp_path)
    offline = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*offline, "true"], capture_output=True, check=False).returncode:
        offline = ["unshare", "--net"]
    if subprocess.run([*offline, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a network namespace")
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--vcs-ref", "HEAD"]
    before, started = os.times(), time.perf_counter()
    run(*offline, *copier, str(clone), str(tmp_path / "x"), cwd=tmp_path)
    after, ended = os.times(), time.perf_counter()
    cpu = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    record_property(
        "note", f"copying without network: {ended - started:.1f} s, {cpu:.1f} s of CPU time"
    )
    assert (tmp_path / "x" / "manage.py").exists()
    assert "_commit" in (tmp_path / "x" / ".copier-answers.yml").read_text()
