"""What may be asked and answered."""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment
from pytest_copie.plugin import Copie

from scripts import reference
from tests.projects import CHOICES, NEEDS, ROOT, Renderer

QUESTIONS = reference.questions()
RECORDED = reference.recorded_questions()

ACCEPTED = {
    "project_name": ["A", 'Zoë\'s "Q" \\ shop', "日本 project 😀", "{{ 7*7 }} {% raw %}", "x" * 60],
    "project_slug": ["a", "my-service", "a1-b2", "x" * 40],
    "description": [
        'He said "no" \\ yes',
        "{{ 7*7 }}",
        "日" * 120,
        "# copier: if true",
        "</script>",
    ],
    "author_name": ["Ada", 'Ada "Countess" Lovelace', "李\\四"],
    "author_email": ["a@example.com", "first.last+tag@sub.example.co.uk"],
    "domain": ["example.com", "api.example.co.uk", "xn--bcher-kva.example"],
    "timezone": ["UTC", "Africa/Addis_Ababa", "America/Argentina/Buenos_Aires"],
    **{name: values for name, values in CHOICES.items() if name != "python_version"},
    "python_version": ["3.11", "3.12", "3.13"],
}
REFUSED = {
    "project_name": ["", " ", " a", "a ", "a\nb", "a\n", "a\tb", "a\x00b", "x" * 61],
    "project_slug": [
        *("", "Bad", "1a", "a_b", "a--b", "-a", "a-", "a/b", "../evil", "/etc", "a b", "a\n", "ä"),
        *("x" * 41, "django", "celery", "postgres", "test", ".git", "{{ 7*7 }}", "'\"", "😀"),
    ],
    "description": ["", "a\nb", "x" * 121, "a\x7f"],
    "author_name": ["", "a\nb", "x" * 81],
    "author_email": [
        "",
        "nobody",
        "a@b",
        "a b@example.com",
        "a@example.com\n",
        "a@example.com,b@c.de",
    ],
    "domain": [
        "",
        "https://example.com",
        "example.com/x",
        "Example.com",
        "localhost",
        "a..b",
        "a.b\n",
    ],
    "timezone": ["", "Mars/Base", "utc", "UTC\n", "UTC Africa/Lagos", "../UTC"],
    "license": ["mit", "WTFPL"],
    "preset": ["", "huge"],
    "django_version": ["4.2", "6.0"],
    "python_version": ["3.10", "2.7"],
}


def pairs(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}={value!r}"[:50])
        for name in table
        for value in table[name]
    ]


def several(table: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return the first value of each question, then the second of each that has one, and so on."""
    longest = max(map(len, table.values()))
    return [
        {name: values[place] for name, values in table.items() if place < len(values)}
        for place in range(longest)
    ]


@pytest.mark.parametrize("given", several(ACCEPTED))
def test_answers_that_are_accepted_give_a_valid_project(
    render: Renderer, given: dict[str, Any]
) -> None:
    project = render(**given)
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert {name: answers[name] for name in given} == given
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert pyproject["description"] == answers["description"]
    assert pyproject["authors"][0]["name"] == answers["author_name"]
    settings: dict[str, Any] = {}
    exec((project / "config/settings/project.py").read_text(), settings)  # noqa: S102
    assert settings["PROJECT"]["name"] == answers["project_name"]
    assert settings["TIME_ZONE"] == answers["timezone"]


@pytest.mark.parametrize(("name", "answer"), pairs(REFUSED))
def test_an_answer_that_is_refused_leaves_nothing_behind(
    render: Renderer, tmp_path: Path, name: str, answer: Any
) -> None:
    with pytest.raises(ValueError, match=rf"(?i){name}|choice|required") as refusal:
        render(**{name: answer})
    assert not any(tmp_path.iterdir())
    message = str(refusal.value).strip()
    assert message.endswith(".") or "Invalid choice" in message or "required" in message


def test_django_6_1_is_refused_on_python_3_11(render: Renderer) -> None:
    with pytest.raises(ValueError, match=r"Django 6\.1 needs Python 3\.12 or newer"):
        render(django_version="6.1", python_version="3.11")


@pytest.mark.parametrize(("feature", "needed"), NEEDS.items())
def test_a_feature_is_refused_without_the_one_that_it_needs(
    render: Renderer, feature: str, needed: str
) -> None:
    with pytest.raises(ValueError, match=rf"answer yes to {needed}, or no to {feature}\."):
        render(**{feature: True, needed: False})
    answers = yaml.safe_load(
        (render(preset="full", **{needed: False}) / ".copier-answers.yml").read_text()
    )
    assert answers[feature] is False


@pytest.mark.parametrize("answer", ["maybe", "", "2", "yes please"])
def test_a_feature_is_a_matter_of_yes_or_no(render: Renderer, answer: str) -> None:
    with pytest.raises(ValueError, match="use_docker: answer yes or no"):
        render(use_docker=answer)


@pytest.mark.parametrize(("answer", "recorded"), [("yes", True), ("No", False), (True, True)])
def test_yes_and_no_are_understood(render: Renderer, answer: Any, *, recorded: bool) -> None:
    project = render(use_docker=answer)
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["use_docker"] is recorded


def test_an_answer_to_no_question_is_refused_by_name(render: Renderer) -> None:
    with pytest.raises(ValueError, match="Unknown question: 'databse'"):
        render(databse="mysql")


@pytest.mark.parametrize("name", sorted(QUESTIONS.keys() - RECORDED.keys()))
def test_a_computed_value_cannot_be_given(render: Renderer, name: str) -> None:
    with pytest.raises(ValueError, match=f"Unknown question: '{name}'"):
        render(**{name: "x"})


def test_the_list_of_known_answers_is_complete() -> None:
    source = (ROOT / "includes/unknown-answers.jinja").read_text()
    known = set(re.findall(r"'(\w+)'", source.split("known = [")[1].split("]")[0]))
    assert known == RECORDED.keys()


def asked(preset: str) -> set[str]:
    """Return the questions that a person is asked who chooses a preset."""
    jinja = Environment(autoescape=False)  # noqa: S701  # it renders a condition, not a page

    def is_asked(question: dict[str, Any]) -> bool:
        conditions = (question.get(key, True) for key in ("ask", "when"))
        return all(
            jinja.from_string(str(each)).render(preset=preset) == "True" for each in conditions
        )

    return {name for name, question in QUESTIONS.items() if is_asked(question)}


@pytest.mark.parametrize("preset", CHOICES["preset"])
def test_a_preset_asks_nine_questions_at_most(preset: str) -> None:
    assert len(asked(preset)) <= 9 or preset == "custom"
    assert (preset == "custom") == ({"use_celery", "use_monitoring", "use_docker"} <= asked(preset))


@pytest.mark.parametrize("preset", CHOICES["preset"])
def test_a_preset_records_every_answer(render: Renderer, preset: str) -> None:
    answers = yaml.safe_load((render(preset=preset) / ".copier-answers.yml").read_text())
    assert RECORDED.keys() <= answers.keys()
    for name in ("use_celery", "use_docker", "use_mfa"):
        assert answers[name] == (preset != "minimal")
    full = ("use_social_sign_in", "use_marketplace", "use_api_keys", "use_oauth2")
    for name in (*full, "use_graphql", "use_websockets", "use_monitoring", "use_clients"):
        assert answers[name] == (preset == "full")


def test_the_preset_is_api_unless_another_one_is_chosen(render: Renderer) -> None:
    answers, chosen = (
        yaml.safe_load((project / ".copier-answers.yml").read_text())
        for project in (render(), render(preset="api"))
    )
    assert answers == chosen


def test_a_preset_yields_to_an_answer(copie: Copie, template: Path) -> None:
    project = copie.copy({"preset": "minimal", "use_celery": True}, template_dir=template)
    assert project.exception is None
    assert (project.answers["use_celery"], project.answers["use_docker"]) == (True, False)


def test_each_question_says_what_it_means() -> None:
    for name in asked("custom"):
        assert 10 < len(QUESTIONS[name]["help"]) < 80, name
        assert "\n" not in QUESTIONS[name]["help"]


def test_the_time_zones_are_those_of_the_database() -> None:
    source = (ROOT / "includes/timezones.jinja").read_text()
    listed = set(source.split("{%- set zones -%}")[1].split("{%- endset")[0].split())
    names = resources.files("tzdata").joinpath("zones").read_text().split()
    assert listed == set(names) - {"Factory", "localtime"}


@pytest.mark.parametrize("django", CHOICES["django_version"])
def test_no_project_can_bear_the_name_of_its_own_dependency(render: Renderer, django: str) -> None:
    project = tomllib.loads(
        (render(preset="full", django_version=django) / "pyproject.toml").read_text()
    )
    required = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in required}
    reserved = (ROOT / "includes/reserved-slugs.jinja").read_text().split()
    assert names <= set(reserved)
