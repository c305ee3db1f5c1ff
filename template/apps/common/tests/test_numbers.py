import pytest
from django.urls import resolve
from hypothesis import example, given

from apps.common.numbers import plain_number
from apps.common.tests.digits import ODD, digits


@pytest.mark.parametrize("text", ODD)
def test_other_spellings_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="plain number"):
        plain_number(text, most=2**63 - 1)


@pytest.mark.parametrize(("text", "most"), [("0", 0), ("7", 7), ("100", 100)])
def test_the_limit_is_accepted_and_the_next_number_is_not(text: str, most: int) -> None:
    assert plain_number(text, most=most) == most
    with pytest.raises(ValueError, match="plain number"):
        plain_number(str(most + 1), most=most)


@given(text=digits)
@example(text=str(2**63))
def test_an_id_in_a_path_has_one_spelling(text: str) -> None:
    number = resolve(f"/api/v1/users/{text}/").kwargs.get("pk")
    if number is None:  # any path of the API leads somewhere
        assert text.lstrip("0") != text or not text.isascii() or int(text) >= 2**63
    else:
        assert str(number) == text
        assert number < 2**63


@pytest.mark.parametrize("text", ["0", "7", str(2**63 - 1)])
def test_an_id_in_a_path_is_parsed(text: str) -> None:
    assert resolve(f"/api/v1/users/{text}/").kwargs == {"pk": int(text)}
