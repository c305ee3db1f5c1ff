import logging

import pytest
from django.db import Error, connection, transaction
from rest_framework.test import APIClient

from apps.common.tests.lines import LogLines, formatter
from apps.common.tests.test_text import CONTROL, LINE_BREAKS
from apps.users.models import User

VALUE = "m4rk\"er'"


def test_a_request_is_one_line_with_what_one_looks_for(user_api: APIClient, log: LogLines) -> None:
    user_api.get("/api/v1/users/me/", headers={"x-request-id": "abc"}, REMOTE_ADDR="192.0.2.7")
    [line] = log.all()
    assert line["event"] == "request_finished"
    assert line["request"] == "GET /api/v1/users/me/"
    assert (line["code"], line["request_id"], line["ip"]) == (200, "abc", "192.0.2.7")
    assert line["user_id"] == User.objects.get().pk
    assert line["duration_ms"] >= 0


def test_a_request_is_logged_without_its_query(api: APIClient, log: LogLines) -> None:
    api.get("/nowhere/ü?token=s3cret")
    assert log.last("request_finished")["request"] == "GET /nowhere/%C3%BC"


@pytest.mark.urls("apps.common.tests.urls")
def test_a_bug_is_one_line_with_its_traceback(api: APIClient, log: LogLines) -> None:
    api.get("/api/bug", headers={"x-request-id": "abc"})
    [line] = log.all()
    assert (line["event"], line["level"], line["request_id"]) == ("request_failed", "error", "abc")
    assert line["exception"][0]["exc_type"] == "ZeroDivisionError"


def test_other_lines_of_a_request_bear_its_id(
    api: APIClient, log: LogLines, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    def check() -> None:
        logging.getLogger("plain.logging").warning("from %s", "the standard library")

    monkeypatch.setattr("apps.common.health.CHECKS", {"chatty": check})
    api.get("/health/ready", headers={"x-request-id": "abc"})
    line = log.last("from the standard library")
    assert (line["request_id"], line["logger"]) == ("abc", "plain.logging")


def test_nothing_of_one_request_is_left_for_the_next(user_api: APIClient, log: LogLines) -> None:
    user_api.get("/api/v1/users/me/")
    logging.getLogger("later").warning("later")
    assert "request_id" not in log.last("later")


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("character", LINE_BREAKS + CONTROL)
def test_a_control_character_neither_begins_a_line_nor_reaches_the_terminal(
    log_format: str, character: str
) -> None:
    message = f"a{character}level=error event=forged"
    line = formatter(log_format).format(
        logging.LogRecord("x", logging.INFO, "", 0, message, None, None)
    )
    assert "forged" in line
    assert character not in line


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT %s FROM nowhere",
        "SELECT nothing, %s",
        "SELEC %s",
        "INSERT INTO users_user (password) VALUES (%s)",
        "INSERT INTO users_user (id, email) VALUES (%s, 1)",
        "UPDATE users_user SET last_login = %s, date_joined = NULL",
        "UPDATE users_user SET id = 99999999999999999999, email = %s",
    ],
)
def test_values_that_the_database_rejects_are_not_logged(
    log_format: str, statement: str, user: User
) -> None:
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [VALUE])
    trace = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("x", logging.ERROR, "", 0, str(caught.value), None, trace)
    line = formatter(log_format).format(record)
    assert caught.type.__name__ in line
    assert "m4rk" not in line
