"""What a projection returns equals what the serializer returns; what cannot be compiled is named."""

import gc
import json
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Prefetch, Q, QuerySet, Value
from django.test.utils import isolate_apps
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework import renderers, serializers
from rest_framework.filters import OrderingFilter
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import BasePermission
from rest_framework.test import APIRequestFactory, force_authenticate

from apps.common import statements
from apps.common.computed import computed
from apps.common.encoding import dump
from apps.common.numbers import LARGEST
from apps.common.pagination import CursorPagination, PagePagination
from apps.common.projection import (
    CannotCompileError,
    ProjectionMixin,
    SerializerByColumn,
    check_projections,
    compile_projection,
    prefetches_of,
)
from apps.common.serializers import StoredListField
from apps.common.statements import CompiledQuery, Statement
from apps.users.models import User
from apps.users.tests.factories import UserFactory

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = ("UTC", "Europe/London", "Asia/Kathmandu", "America/St_Johns")


def serializer_of(model: Any, *names: str, **declared: Any) -> Any:
    """Return a serializer class: these columns of a model, and the declared fields."""
    meta = type("Meta", (), {"model": model, "fields": (*names, *declared)})
    members = {"__module__": __name__, "Meta": meta, **declared}
    return type("MadeUpSerializer", (serializers.ModelSerializer,), members)


class ContentTypeSerializer(serializers.ModelSerializer[ContentType]):
    class Meta:
        model = ContentType
        fields = ("id", "app_label", "model")


OwnerSerializer = serializer_of(
    User,
    *("id", "email", "name", "is_staff"),
    joined_on=serializers.DateTimeField(source="date_joined", format="%d.%m.%Y"),
    number=serializers.CharField(source="pk"),
)
ChangesSerializer = serializer_of(LogEntry, "id", "object_repr")
# Each kind of field: columns, relations, text made of numbers, nested objects.
EntrySerializer = serializer_of(
    LogEntry,
    *("id", "action_time", "object_id", "change_message", "user"),
    title=serializers.CharField(source="object_repr"),
    owner=OwnerSerializer(source="user"),
    owner_name=serializers.CharField(source="user.name"),
    change=serializer_of(
        LogEntry, "action_flag", "change_message", initial=serializers.CharField()
    )(source="*"),
    content_type=ContentTypeSerializer(allow_null=True),
    type_id=serializers.PrimaryKeyRelatedField[Any](source="content_type", read_only=True),
    type_text=serializers.PrimaryKeyRelatedField[Any](
        source="content_type", read_only=True, pk_field=serializers.CharField()
    ),
    flag=serializers.CharField(source="action_flag"),
    size=serializers.IntegerField(),
    secret=serializers.CharField(write_only=True),
)


def outputs(serializer: type[Any], rows: QuerySet[Any]) -> tuple[Any, Any]:
    """Return what the serializer and the projection write for these rows."""
    projection = compile_projection(serializer(), rows.model, rows.query.annotations)
    projected = projection.output(list(projection.select(rows)), prefetches_of(rows))
    rendered = renderers.JSONRenderer().render(serializer(rows, many=True).data)
    return json.loads(rendered), json.loads(dump(projected))


@given(WORDS, st.none() | WORDS, TIMES, st.sampled_from([User, None]), st.sampled_from(ZONES))
def test_a_projection_returns_what_the_serializer_returns(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    key: str | None,
    time: datetime,
    model: Any,
    zone: str,
) -> None:
    user = UserFactory.create(name=text, is_staff=bool(model), date_joined=time)
    initial = computed(lambda text: text[:1], "object_repr")
    monkeypatch.setattr(LogEntry, "initial", initial, raising=False)
    kind = model and ContentType.objects.get_for_model(model)
    texts: dict[str, Any] = {"object_id": key, "object_repr": text, "change_message": text}
    for each in (time, time.replace(microsecond=0)):
        LogEntry.objects.create(
            user=user, content_type=kind, action_flag=CHANGE, action_time=each, **texts
        )
    entries = user.logentry_set.annotate(size=Value(3)).order_by("pk")
    with timezone.override(ZoneInfo(zone)):
        expected, projected = outputs(EntrySerializer, entries)
    assert projected == expected
    assert getattr(LogEntry, "initial", None) is initial


PermissionSerializer = serializer_of(Permission, "codename", "name")
LISTS: dict[str, Any] = {
    "permissions": PermissionSerializer(source="permission_set", many=True),
    "changes": ChangesSerializer(source="logentry_set", many=True),
}
LargeTypeSerializer = serializer_of(ContentType, "id", "app_label", **LISTS)


def test_lists_take_one_query_each(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    viewing = Permission.objects.filter(codename__startswith="view").order_by("-codename")
    without = ContentType.objects.create(app_label="gone", model="gone")
    name = "permission_set"
    for prefetch in (name, Prefetch(name), Prefetch(name, viewing)):
        types = ContentType.objects.order_by("pk").prefetch_related("logentry_set", prefetch)
        with django_assert_num_queries(3 + 3):
            expected, projected = outputs(LargeTypeSerializer, types)
        assert projected == expected
        assert (projected[-1]["id"], projected[-1]["permissions"]) == (without.pk, [])
        assert projected[0]["permissions"]


class ShownTypeSerializer(SerializerByColumn):
    column = "is_own"
    if_true = LargeTypeSerializer
    if_false = serializer_of(ContentType, "id", permissions=LISTS["permissions"])


@pytest.mark.parametrize("column", [Q(app_label="users"), Value(True), Value(False)])  # noqa: FBT003  # Django's signature
def test_a_column_decides_which_serializer_shows_a_row(
    db: None, column: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    types = ContentType.objects.annotate(is_own=column).order_by("pk")
    types = types.prefetch_related("permission_set", "logentry_set")
    # The two serializers share the query of a list.
    with django_assert_num_queries(3 + 3):
        expected, projected = outputs(ShownTypeSerializer, types)
    assert projected == expected
    shown = {"app_label" in each for each in projected}
    assert shown == ({True, False} if isinstance(column, Q) else {column.value})


@isolate_apps("django.contrib.contenttypes")
def test_a_list_passes_stored_json_through() -> None:
    class Flag(models.Model):  # noqa: DJ008  # nobody sees it
        facts = models.JSONField()
        names = models.JSONField(null=True)
        parsed = models.JSONField(decoder=json.JSONDecoder)

        class Meta:
            app_label = "contenttypes"

    binary = serializers.JSONField(source="facts", binary=True)
    serializer = serializer_of(Flag, "facts", "parsed", names=StoredListField(), text=binary)
    facts, names = {"ä": [1.5, None]}, ["b", "a"]
    instance = Flag(facts=facts, names=names, parsed=facts)
    expected = json.loads(dump(serializer(instance).data))
    detail = compile_projection(serializer(), Flag)
    assert json.loads(dump(detail.output_of(instance))) == expected
    rows = compile_projection(serializer(), Flag, json_as_text=True)
    assert rows.columns == ["json_0", "parsed", "json_2", "facts"]
    assert [str(each) for each in rows.expressions.values()] == ["Cast(F(facts))", "Cast(F(names))"]
    row = [json.dumps(facts), facts, json.dumps(names), facts]
    assert json.loads(dump(rows.output([row])[0])) == expected
    assert rows.output([[*row[:2], None, facts]])[0]["names"] is None


def with_own(kind: Any, name: str) -> Any:
    """Return a subclass of a field or a serializer with a method of its own."""
    return type("Own", (kind,), {"__module__": __name__, name: lambda *_: None})


Shout = with_own(serializers.CharField, "to_representation")
Late = with_own(serializers.CharField, "get_attribute")
Masked = with_own(serializers.PrimaryKeyRelatedField, "to_representation")
Hidden = with_own(OwnerSerializer, "get_attribute")


class Nested(ContentTypeSerializer):
    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {**super().to_representation(instance), "more": True}


class Shy(ContentTypeSerializer):
    """Has other fields for each request."""

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if self.context}


class ShortList(serializers.ListSerializer[Any]):
    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(data)[:1]


class Listed(ContentTypeSerializer):
    class Meta(ContentTypeSerializer.Meta):
        list_serializer_class = ShortList


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (serializers.SerializerMethodField(), "reads the whole instance"),
        (Shout(source="object_repr"), "to_representation of its own"),
        (Late(source="object_repr"), "get_attribute of its own"),
        (Masked(source="user", read_only=True), "its own to_representation"),
        (Hidden(source="user"), "its own get_attribute"),
        (Nested(source="content_type"), "field has its own to_representation"),
        (Shy(source="content_type"), "field has its own get_fields"),
        (Listed(source="content_type"), "field has its own to_representation"),
        (serializers.CharField(source="content_type.model"), "content_type, which may be null"),
        (serializers.CharField(source="object_id.length"), "object_id, which may be null"),
        (serializers.CharField(source="user"), "user, which is an instance"),
        (serializers.CharField(source="is_addition"), "is_addition, which is no column"),
        (serializers.CharField(source="user.is_anonymous"), "is_anonymous, which is no column"),
        (serializers.CharField(source="user.logentry"), "logentry, which is no column"),
        (ContentTypeSerializer(source="user.groups", many=True), "a list of something else"),
        (ContentTypeSerializer(source="unknown", many=True), "a list of something else"),
    ],
)
def test_a_field_that_needs_the_instance_is_named(field: Any, reason: str) -> None:
    with pytest.raises(CannotCompileError, match=reason) as raised:
        compile_projection(serializer_of(LogEntry, field=field)(), LogEntry)
    assert str(raised.value).startswith("MadeUpSerializer.field ")


def test_a_list_of_a_many_to_many_relation_needs_the_instance() -> None:
    groups = serializer_of(Group, "name")(source="group_set", many=True)
    with pytest.raises(CannotCompileError, match="a list of something else"):
        compile_projection(serializer_of(Permission, field=groups)(), Permission)


def test_a_serializer_that_chooses_its_fields_is_asked_for_each_request(db: None) -> None:
    with pytest.raises(CannotCompileError, match="Shy has its own get_fields"):
        compile_projection(Shy(), ContentType)
    assert {len(row) for row in get(all_types(serializer_class=Shy)).data} == {3}
    assert len(get(all_types(serializer_class=Listed)).data) == 1


class SparseView(ListAPIView[ContentType]):
    """Chooses fields when it makes the serializer."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer: Any = super().get_serializer(*args, **kwargs)
        del serializer.child.fields["model"]
        return serializer


def test_a_view_that_makes_its_serializer_itself_is_asked_for_each_request(db: None) -> None:
    class View(TypeListView, SparseView):
        """Both."""

    assert {*get(View.as_view(pagination_class=None)).data[0]} == {"id", "app_label"}


class OpenView(ProjectionMixin):
    permission_classes = []
    authentication_classes = []
    throttle_classes = []
    serializer_class: Any = ContentTypeSerializer
    queryset = ContentType.objects.all()


class TypeListView(OpenView, ListAPIView[ContentType]):
    """Pages of types."""


class TypeView(OpenView, RetrieveAPIView[ContentType]):
    """One type."""


def all_types(select: Any = None, **options: Any) -> Any:
    """Return a view that lists types without pages: all of them, or what a function selects."""
    if select:
        options["select"] = staticmethod(select)
    return TypeListView.as_view(pagination_class=None, **options)


def get(view: Any, path: str = "/", user: User | None = None, **arguments: Any) -> Any:
    request = APIRequestFactory().get(path)
    force_authenticate(request, user)
    return view(request, **arguments)


def read_pages(view: Any, path: str) -> list[Any]:
    """Return the page at a path, and those that its link leads to."""
    page = get(view, path).data
    return [page, *(read_pages(view, page["next"]) if page["next"] else ())]


def types_of(label_id: int) -> QuerySet[ContentType]:
    """Return the types of the app that a type belongs to."""
    label = ContentType.objects.filter(pk=label_id).values("app_label")
    return ContentType.objects.filter(app_label__in=label).prefetch_related("permission_set")


def types_by(label: str) -> QuerySet[ContentType]:
    return ContentType.objects.filter(app_label=label)


def newest_types() -> QuerySet[ContentType]:
    return ContentType.objects.order_by("-pk")


def types_with_changes() -> QuerySet[ContentType]:
    changes = Prefetch("logentry_set", LogEntry.objects.order_by("object_repr"))
    return ContentType.objects.prefetch_related(changes)


def types_with_permissions() -> QuerySet[ContentType]:
    return ContentType.objects.filter(permission__isnull=False).distinct()


def types_of_today() -> QuerySet[ContentType]:
    is_today = Q(logentry__action_time__date=timezone.now().date())
    return ContentType.objects.annotate(is_today=is_today)


def compiled_by(view: Any, **arguments: Any) -> tuple[Any, int]:
    """Return the data of a view, and how many queries it has compiled."""
    with mock.patch.object(statements, "CompiledQuery", wraps=CompiledQuery) as compile_query:
        data = get(view, **arguments).data
    return data, compile_query.call_count


def test_the_sql_of_select_is_compiled_once(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    of_app = all_types(types_of, serializer_class=LargeTypeSerializer)
    for model in (Permission, User):
        kind = ContentType.objects.get_for_model(model)
        expected = ContentType.objects.filter(app_label=kind.app_label).values_list("pk", flat=True)
        data, _ = compiled_by(of_app, label_id=kind.pk)
        assert {each["id"] for each in data} == {*expected}
        again, compiled = compiled_by(of_app, label_id=kind.pk)
        assert (again, compiled) == (data, 0)
    with django_assert_num_queries(1):  # The lists of no rows need no query.
        assert get(of_app, label_id=0).data == []


def test_details_of_select_are_those_of_its_rows(db: None) -> None:
    user, entry = (ContentType.objects.get_for_model(each) for each in (User, LogEntry))
    view = TypeView.as_view(select=staticmethod(types_of))
    for _ in range(2):
        data, compiled = compiled_by(view, label_id=user.pk, pk=user.pk)
        assert data == ContentTypeSerializer(user).data
        assert get(view, label_id=user.pk, pk=entry.pk).status_code == 404
    assert compiled == 0
    # No column holds such a number, and this is no number.
    for pk in (LARGEST + 1, "x"):
        assert get(view, label_id=user.pk, pk=pk).status_code == 404


@pytest.mark.parametrize("pagination", [CursorPagination, PagePagination])
def test_pages_of_select_have_each_row_once(db: None, pagination: type[Any]) -> None:
    view = TypeListView.as_view(select=staticmethod(newest_types), pagination_class=pagination)
    pages = read_pages(view, "/?page_size=5")
    found = [row["id"] for page in pages for row in page["results"]]
    assert found == list(newest_types().values_list("pk", flat=True))
    assert pages[-1].get("count", len(found)) == len(found)
    assert compiled_by(view, path="/?page_size=5")[1] == 0


@pytest.mark.parametrize("name", ["get_queryset", "filter_queryset"])
def test_a_class_below_may_have_other_rows(db: None, name: str) -> None:
    kind = ContentType.objects.get_for_model(User)

    class View(TypeView):
        select = staticmethod(newest_types)

    def other(*_: Any) -> QuerySet[ContentType]:
        return types_by("admin")

    rows: Any = type("OtherView", (View,), {name: other})
    assert get(View.as_view(), pk=kind.pk).status_code == 200
    assert get(rows.as_view(), pk=kind.pk).status_code == 404

    listed: Any = type("ListView", (TypeListView, View), {name: other, "pagination_class": None})
    assert {each["app_label"] for each in get(listed.as_view()).data} == {"admin"}


@pytest.mark.parametrize("is_owner", [True, False])
def test_select_knows_the_user(db: None, *, is_owner: bool) -> None:
    user = UserFactory.create(pk=7000)
    owner = user if is_owner else UserFactory.create()
    LogEntry.objects.create(user=owner, action_flag=CHANGE, object_repr="x")
    entries_of = all_types(
        lambda user: LogEntry.objects.filter(user=user), serializer_class=ChangesSerializer
    )
    assert len(get(entries_of, user=user).data) == is_owner


@pytest.mark.parametrize(
    ("select", "options"),
    [
        (types_by, {}),
        (types_with_changes, {"serializer_class": LargeTypeSerializer}),
        (types_with_permissions, {}),
        (types_of_today, {}),
        (
            lambda: LogEntry.objects.filter(action_time__lt=timezone.now()),
            {"serializer_class": ChangesSerializer},
        ),
        (ContentType.objects.none, {}),
        (ContentType.objects.all, {"serializer_class": Nested}),
        (ContentType.objects.all, {"filter_backends": [OrderingFilter]}),
    ],
)
def test_other_rows_are_read_by_queries_of_the_request(
    db: None, select: Any, options: dict[str, Any]
) -> None:
    with mock.patch.object(Statement, "query") as compiled_query:
        data = get(all_types(select, **options), label="users").data
    expected = select("users") if select is types_by else select()
    assert {each["id"] for each in data} == {each.pk for each in expected}
    assert not compiled_query.called


class OnlyUsers(BasePermission):
    """Looks at the object."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return isinstance(obj, ContentType) and obj.model == "user"


@pytest.mark.parametrize("serializer", [ContentTypeSerializer, Nested])
@pytest.mark.parametrize("ordering", ["model", "-pk"])
def test_pages_are_the_same_with_and_without_instances(
    db: None, serializer: type[Any], ordering: str
) -> None:
    view = TypeListView.as_view(serializer_class=serializer, filter_backends=[OrderingFilter])
    pages = read_pages(view, f"/?page_size=5&ordering={ordering}")
    expected = serializer(ContentType.objects.order_by(ordering, "pk"), many=True).data
    assert [row for page in pages for row in page["results"]] == expected


def test_details_come_without_instances_unless_something_looks_at_them(db: None) -> None:
    user, other = (ContentType.objects.get_for_model(each) for each in (User, LogEntry))
    expected = ContentTypeSerializer(user).data
    for options in ({}, {"permission_classes": [OnlyUsers]}):
        view = TypeView.as_view(**options)
        assert get(view, pk=user.pk).data == expected
        assert get(view, pk=0).status_code == 404
        assert get(view, pk=other.pk).status_code == (403 if options else 200)
    nested = TypeView.as_view(serializer_class=Nested)
    assert get(nested, pk=user.pk).data == {**expected, "more": True}
    large = TypeView.as_view(serializer_class=LargeTypeSerializer, permission_classes=[OnlyUsers])
    assert get(large, pk=user.pk).data == LargeTypeSerializer(user).data


def test_an_object_that_is_no_instance_is_shown_by_the_serializer() -> None:
    fields = {"id": 1, "app_label": "users", "model": "user"}

    class FactsView(TypeView):
        def get_object(self) -> Any:
            return fields

    assert get(FactsView.as_view()).data == fields


def test_the_check_of_a_view_sees_the_object(db: None) -> None:
    class Closed(TypeView):
        def check_object_permissions(self, request: Any, obj: Any) -> None:
            self.permission_denied(request)

    pk = ContentType.objects.get_for_model(User).pk
    assert get(Closed.as_view(), pk=pk).status_code == 403


def test_distinct_rows_that_look_the_same_stay_apart(db: None) -> None:
    types = types_with_permissions()
    expected, projected = outputs(serializer_of(ContentType, "app_label"), types)
    assert len(projected) == len(expected) == types.count()


def test_a_check_names_the_view_and_the_field() -> None:
    assert check_projections() == []

    class Dynamic(ProjectionMixin, ListAPIView[Any]):
        """Chooses the serializer for each request."""

    class EntryView(ProjectionMixin, ListAPIView[Any]):
        serializer_class = serializer_of(LogEntry, field=Shout(source="object_repr"))

    try:
        (message,) = check_projections()
        assert message.msg == (
            "EntryView reads instances, because MadeUpSerializer.field has a to_representation of its own."
        )
    finally:
        del Dynamic, EntryView
        gc.collect()
