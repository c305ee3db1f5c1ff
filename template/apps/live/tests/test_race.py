"""Concurrent transactions publish events of one user: no reader misses one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from threading import Event as Signal

import pytest
from django.db import connection, transaction

from apps.live.selectors import last_number, page_after
from apps.live.services import publish
from apps.users.tests.factories import UserFactory


@pytest.mark.django_db(transaction=True)
def test_a_later_event_is_not_committed_before_an_earlier_one() -> None:
    user = UserFactory.create()
    begun, published, committed = Signal(), Signal(), Signal()

    def first() -> None:
        with transaction.atomic():
            publish([user.pk], "first", {})
            published.set()
            assert begun.wait(10)
            # It waits for this transaction.
            assert not committed.wait(0.5)
        connection.close()

    def second() -> None:
        assert published.wait(10)
        begun.set()
        publish([user.pk], "second", {})
        committed.set()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(each) for each in (first, second)]:
            done.result()
    page = page_after(user.pk, 0)
    assert [(event["id"], event["kind"]) for event in page.events] == [(1, "first"), (2, "second")]


@pytest.mark.django_db(transaction=True)
def test_a_reader_sees_all_events_in_their_order() -> None:
    user, other = UserFactory.create_batch(2)

    def write(_: int) -> None:
        # In either order of the users, which could be a deadlock.
        publish([user.pk, other.pk], "tested", {})
        publish([other.pk, user.pk], "tested", {})
        connection.close()

    seen = 0
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(10)]
        while seen < 20:
            page = page_after(user.pk, seen)
            assert not page.is_reset
            assert [event["id"] for event in page.events] == [*range(seen + 1, page.last + 1)]
            seen = page.last
        for writer in writers:
            writer.result()


@pytest.mark.django_db(transaction=True)
def test_the_first_events_of_a_user_may_be_concurrent() -> None:
    users = UserFactory.create_batch(10)
    together = Barrier(4)

    def write(_: int) -> None:
        with closing(connection):
            for user in users:
                together.wait(10)
                publish([user.pk], "tested", {})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert [last_number(user.pk) for user in users] == [4] * 10
