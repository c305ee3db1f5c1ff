"""A decision record for one change"""

import re
from datetime import date
from pathlib import Path

import pytest

FOLDER = Path("docs/decisions")
PARTS = ["Context", "Decision", "Alternatives", "Consequences"]
STATUSES = "proposed|accepted|superseded"
LEAST_WORDS = {"Context": 50, "Decision": 30, "Alternatives": 50, "Consequences": 40}


@pytest.fixture
def record() -> str:
    """Return the text of the newest record."""
    records = sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]-*.md"))
    if not records:
        pytest.fail(f"there is no {FOLDER}/0001-….md")
    return records[-1].read_text()


def part(record: str, name: str) -> str:
    match = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", record, re.MULTILINE | re.DOTALL)
    assert match, f"there is no part {name}"
    return match[1].strip()


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_][\w'-]*", text.lower())


def items(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"^- ", text, flags=re.MULTILINE)[1:]]


def test_it_says_what_was_decided_and_when(record: str) -> None:
    """The record has a title that is the decision, a status and a date.

    `# Store prices in minor units`, and below it `Status: accepted, 2026-11-30`. The title has three words
    or more; the status is proposed, accepted or superseded.
    """
    title = re.match(r"# (.+)\n", record)
    assert title, "the first line is no title"
    assert len(words(title[1])) >= 3, "the title has less than three words"
    status = re.search(rf"^Status: (?:{STATUSES}), (\d{{4}}-\d\d-\d\d)$", record, re.MULTILINE)
    assert status, "there is no line `Status: accepted, YYYY-MM-DD`"
    assert date.fromisoformat(status[1]) <= date.today(), "the date is in the future"  # noqa: DTZ011


@pytest.mark.parametrize("name", PARTS)
def test_it_has_the_four_parts(record: str, name: str) -> None:
    """It has the parts Context, Decision, Alternatives and Consequences, in sentences of your own.

    A heading `## Context`, then at least 50 words; 30 for the decision, 50 for the alternatives, 40 for the
    consequences. No sentence stands there twice.
    """
    text = part(record, name)
    found = words(text)
    assert len(found) >= LEAST_WORDS[name], f"{name} has {len(found)} words"
    assert len(set(found)) >= len(found) / 2, f"{name} repeats the same words"
    sentences = [sentence.strip() for sentence in re.split(r"[.!?]\s", record) if sentence.strip()]
    assert len(set(sentences)) == len(sentences), "a sentence stands there twice"


def test_the_context_has_a_number(record: str) -> None:
    """The context has a number with its unit, which you have measured or counted.

    "The list takes 7 queries", "p95 is 240 ms with 25 rows", "40 % of the mails". Without a number nobody
    can tell later whether the reason still holds.
    """
    text = part(record, "Context")
    assert re.search(r"\d+(?:[.,]\d+)? (?:%|[a-zA-Z]{1,})", text), "there is no number with a unit"


def test_it_weighs_two_alternatives(record: str) -> None:
    """Alternatives is a list of two or more, and each item says why it was not taken.

    `- **Name**: what it is, because ...`: ten words or more, one of them "because", "but" or "so".
    """
    found = items(part(record, "Alternatives"))
    assert len(found) >= 2, f"{len(found)} alternatives"
    for item in found:
        assert len(words(item)) >= 10, f"too short: {item[:50]}"
        assert {"because", "but", "so"} & set(words(item)), f"no reason: {item[:50]}"


def test_it_has_a_price(record: str) -> None:
    """Consequences names what gets better, what gets worse, and when to decide again.

    Three items of a list: `- **Better**: ...`, `- **Worse**: ...`, `- **Revisit when**: ...`. A decision
    without a price was not one.
    """
    found = items(part(record, "Consequences"))
    for name in ("Better", "Worse", "Revisit when"):
        item = next((each for each in found if each.startswith(f"**{name}**:")), "")
        assert len(words(item)) >= 8, f"no item **{name}**: with eight words"


def test_it_names_the_code_and_a_test(record: str) -> None:
    """It names a file of the project, and a test that fails if somebody undoes the decision.

    `apps/listings/models.py` and `apps/listings/tests/test_list.py::test_the_list_needs_one_query`, in
    backticks. Both exist.
    """
    paths = re.findall(r"`([\w./-]+\.\w+)`", record)
    assert any(Path(path).is_file() for path in paths), "no file that exists is named"
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", record)
    assert tests, "no test is named"
    for path, name in tests:
        assert Path(path).is_file(), f"{path} does not exist"
        assert f"def {name}(" in Path(path).read_text(), f"{name} is not in {path}"
