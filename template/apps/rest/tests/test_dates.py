from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.bookings.api.serializers import BookingCreateSerializer
from apps.rest.dates import plain_date

ODD = [
    # Other formats of a date.
    *("2030-1-5", "20300105", "2030-W01-1", "2030W011", "2030-005", "1/5/2030", "05.01.2030"),
    *("Jan 5 2030", "2030-01-05T00:00:00Z", "2030-01-05 00:00", "2030-01", "today"),
    # Additional characters, and days that do not exist.
    *("2030-01-05\n", " 2030-01-05", "2030-01-05 ", "+2030-01-05", "-2030-01-05", "12030-01-05"),
    *("2030-02-30", "2030-13-01", "0000-01-01"),
    "2030-01-0٥",  # noqa: RUF001  # an Arabic digit
    "２０３０-01-05",  # noqa: RUF001  # fullwidth digits
    "2030‐01‐05",  # noqa: RUF001  # typographic hyphens
]
NO_TEXT: list[Any] = [20300105, 1.5, True, None, [], ["2030-01-05"], {}]
FORMAT = "YYYY-MM-DD"


@pytest.mark.parametrize("value", [*ODD, *NO_TEXT, "", " "])
def test_a_date_in_a_body_has_one_spelling(value: Any) -> None:
    for name in ("check_in", "check_out"):
        serializer = BookingCreateSerializer(data={name: value})
        assert not serializer.is_valid()
        (error,) = serializer.errors[name]
        assert error.code == ("null" if value is None else "invalid")
        assert value is None or FORMAT in error


@pytest.mark.parametrize("value", [*ODD, " "])
@pytest.mark.parametrize("version", [1, 2])
def test_a_date_in_a_query_has_one_spelling(
    api: APIClient, db: None, version: int, value: str
) -> None:
    days = {"check_in": value, "check_out": value}
    errors = api.get(f"/api/v{version}/listings/", days).json()["errors"]
    assert {error["pointer"] for error in errors} == {"#/check_in", "#/check_out"}
    assert all(FORMAT in error["detail"] for error in errors)


@given(day=st.dates())
def test_each_date_has_a_spelling(day: date) -> None:
    assert plain_date(day.isoformat()) == day
