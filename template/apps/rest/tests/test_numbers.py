import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.common.tests.digits import ODD, digits
from apps.listings.models import MAX_CAPACITY, MAX_PRICE

FILTERS = {"price_min": (0, MAX_PRICE), "price_max": (0, MAX_PRICE), "guests": (1, MAX_CAPACITY)}


# The first odd text is empty: such a filter is ignored.
@pytest.mark.parametrize("name", FILTERS)
@given(text=digits | st.integers(0, 200).map(str) | st.sampled_from(ODD[1:]))
def test_a_filter_accepts_one_spelling_of_a_number(
    api: APIClient, db: None, name: str, text: str
) -> None:
    least, most = FILTERS[name]
    is_plain = text.isascii() and text.isdecimal() and len(text) < 30 and str(int(text)) == text
    expected = 200 if is_plain and least <= int(text) <= most else 400
    assert api.get("/api/v2/listings/", {name: text, "currency": "ETB"}).status_code == expected


def test_an_empty_filter_is_ignored(api: APIClient, db: None) -> None:
    assert api.get("/api/v2/listings/", {"guests": ""}).status_code == 200
