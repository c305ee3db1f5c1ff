from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from apps.common.deadlocks import ATTEMPTS, retry_on_deadlock
from apps.users.models import User
from apps.users.tests.factories import UserFactory


class DeadlockError(Exception):
    sqlstate = "40P01"


class Failing:
    """Fails this many times, and counts its calls."""

    def __init__(self, times: int, cause: Exception | None) -> None:
        self.times, self.cause, self.calls = times, cause, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise OperationalError from self.cause
        return "done"


@pytest.mark.parametrize("cause", [DeadlockError(), Exception(1213, "Deadlock found")])
def test_a_deadlock_is_retried_a_limited_number_of_times(cause: Exception) -> None:
    once, always = Failing(1, cause), Failing(ATTEMPTS, cause)
    assert retry_on_deadlock(once)() == "done"
    with pytest.raises(OperationalError):
        retry_on_deadlock(always)()
    assert (once.calls, always.calls) == (2, ATTEMPTS)


@pytest.mark.parametrize("cause", [Exception(2006, "Server has gone away"), Exception(), None])
def test_another_error_is_not_retried(cause: Exception | None) -> None:
    failing = Failing(1, cause)
    with pytest.raises(OperationalError):
        retry_on_deadlock(failing)()
    assert failing.calls == 1


@pytest.mark.django_db
def test_a_deadlock_inside_another_transaction_is_not_retried() -> None:
    failing = Failing(1, DeadlockError())
    with transaction.atomic(), pytest.raises(OperationalError):
        retry_on_deadlock(failing)()
    assert failing.calls == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="no database server: set DATABASE_URL")
@pytest.mark.django_db(transaction=True)
def test_two_deadlocked_transactions_both_succeed() -> None:
    users = [UserFactory.create().pk, UserFactory.create().pk]
    both_hold_one = Barrier(2)

    @retry_on_deadlock
    @transaction.atomic
    def lock(order: list[int]) -> None:
        calls.append(order)
        User.objects.select_for_update().get(pk=order[0])
        if len(calls) <= 2:  # The retry is alone.
            both_hold_one.wait(timeout=30)
        User.objects.select_for_update().get(pk=order[1])

    def locked(order: list[int]) -> bool:
        try:
            lock(order)
        finally:
            connection.close()
        return True

    calls: list[list[int]] = []
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(locked, [users, users[::-1]])) == [True, True]
    assert len(calls) == 3
