from urllib.parse import quote

import pytest
from hypothesis import given
from rest_framework.test import APIClient

from apps.common.numbers import plain_number
from apps.common.tests.digits import ODD, digits


@given(text=digits)
def test_a_number_has_one_spelling(text: str) -> None:
    most = 10**25
    try:
        number = plain_number(text, most=most)
    except ValueError:
        assert not text.isdecimal() or str(int(text)) != text or int(text) > most
    else:
        assert str(number) == text
        assert 0 <= number <= most


@pytest.mark.parametrize("text", ODD)
def test_other_spellings_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="plain number"):
        plain_number(text, most=2**63 - 1)


@pytest.mark.parametrize(("text", "most"), [("0", 0), ("7", 7), ("100", 100)])
def test_the_limit_is_accepted_and_the_next_number_is_not(text: str, most: int) -> None:
    assert plain_number(text, most=most) == most
    with pytest.raises(ValueError, match="plain number"):
        plain_number(str(most + 1), most=most)


@pytest.mark.urls("apps.common.tests.urls")
@given(text=digits)
def test_an_id_in_a_path_has_one_spelling(api: APIClient, text: str) -> None:
    response = api.get(f"/api/number/{quote(text)}")
    if response.status_code == 200:
        assert str(response.json()) == text
    else:
        assert response.status_code == 404
        assert text.lstrip("0") != text or not text.isascii() or int(text) >= 2**63


@pytest.mark.urls("apps.common.tests.urls")
@pytest.mark.parametrize("text", ["0", "7", str(2**63 - 1)])
def test_an_id_in_a_path_is_parsed(api: APIClient, text: str) -> None:
    assert api.get(f"/api/number/{text}").json() == int(text)
