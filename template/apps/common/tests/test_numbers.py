import pytest
from hypothesis import given

from apps.common.numbers import plain_number
from apps.common.tests.digits import ODD, digits, tried


@tried
@given(text=digits)
def test_a_number_is_read_in_the_one_way_that_it_is_written(text: str) -> None:
    most = 10**25
    try:
        number = plain_number(text, most=most)
    except ValueError:
        assert not text.isdecimal() or str(int(text)) != text or int(text) > most
    else:
        assert str(number) == text
        assert 0 <= number <= most


@pytest.mark.parametrize("text", ODD)
def test_nothing_else_is_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="plain number"):
        plain_number(text, most=2**63 - 1)


@pytest.mark.parametrize(("text", "most"), [("0", 0), ("7", 7), ("100", 100)])
def test_the_largest_one_is_read_and_the_next_one_is_not(text: str, most: int) -> None:
    assert plain_number(text, most=most) == most
    with pytest.raises(ValueError, match="plain number"):
        plain_number(str(most + 1), most=most)
