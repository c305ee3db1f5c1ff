import pytest
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from apps.common import statements
from apps.common.fifo_cache import FIFOCache
from apps.common.numbers import LARGEST
from apps.common.statements import BindParam, CompiledQuery, get_compiled_query, may_bind
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def staff_before() -> QuerySet[User, tuple[object, ...]]:
    found = User.objects.filter(pk__lt=BindParam("key"), is_staff=True)
    return found.order_by("pk").values_list("pk", "is_staff", "date_joined")


def test_a_compiled_query_binds_values_each_time_it_runs(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    users = UserFactory.create_batch(3, is_staff=True)
    UserFactory.create()
    rows = [(user.pk, True, user.date_joined) for user in users]
    query = CompiledQuery(staff_before())
    with django_assert_num_queries(2):
        assert [*map(tuple, query.rows({"key": users[2].pk}))] == rows[:2]
        assert [*map(tuple, query.rows({"key": users[1].pk}))] == rows[:1]


def test_compiled_queries_are_limited(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_compiled", FIFOCache(2))
    first = [get_compiled_query(key, staff_before) for key in "ab"]
    assert [get_compiled_query(key, staff_before) for key in "ab"] == first
    get_compiled_query("c", staff_before)
    assert get_compiled_query("a", staff_before) is not first[0]


def test_only_integers_that_a_column_may_hold_are_bound() -> None:
    assert all(map(may_bind, (0, LARGEST, -LARGEST)))
    assert not any(map(may_bind, (LARGEST + 1, -LARGEST - 1, "1", None)))
