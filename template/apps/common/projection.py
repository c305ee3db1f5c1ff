"""Reads without model instances: the fields of a serializer, compiled once into columns and a function.

DRF builds an instance for each row and visits each field of it, which takes most of the time of a
read. `ProjectionMixin` reads only the columns that the serializer of a view shows, and makes its
output of the rows. A serializer with a field that needs more than columns takes DRF's way: the check
`common.I001` names the field.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from inspect import signature
from itertools import chain
from typing import Any

import orjson
from django.core import checks
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import models
from django.db.models import F, Model, Prefetch, QuerySet
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.functions import Cast
from django.db.models.lookups import In
from django.db.models.query_utils import DeferredAttribute
from django.http import Http404
from django.utils import timezone
from rest_framework import ISO_8601, relations, serializers
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from apps.common.computed import computed
from apps.common.statements import BindParam, Statement, get_compiled_query, may_bind

# The fields that write what the database returns, and the columns for which they do so.
UNCHANGED: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    (serializers.BooleanField, (models.BooleanField,)),
    (serializers.CharField, (models.CharField, models.TextField)),
    (serializers.DateField, (models.DateField,)),
    (serializers.FloatField, (models.FloatField,)),
    (serializers.IntegerField, (models.IntegerField,)),
    (serializers.BigIntegerField, (models.IntegerField,)),
    (serializers.ChoiceField, (models.CharField, models.TextField)),
    (serializers.UUIDField, (models.UUIDField,)),
)
# With these, a serializer may have other fields or another output for each request.
DYNAMIC = {
    *("__init__", "data", "fields", "get_attribute", "get_field_names", "get_fields"),
    "to_representation",
}
# How the parameter of a query begins that is a date, whatever the database.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d")
# Those of other attributes, such as files, return something else than the column.
PLAIN_ATTRIBUTES = (DeferredAttribute, ForeignKeyDeferredAttribute)


class CannotCompileError(Exception):
    """A field needs more than columns."""

    def __init__(self, field: Any, reason: str) -> None:
        place = f"{type(field.parent).__name__}.{field.field_name}"
        super().__init__(f"{place if field.parent else type(field).__name__} {reason}")


class SerializerByColumn(serializers.Serializer[Any]):
    """Shows a row by one of two serializers: which one depends on a column or an annotation."""

    column: str
    if_true: type[serializers.Serializer[Any]]
    if_false: type[serializers.Serializer[Any]]

    def to_representation(self, instance: Any) -> Any:
        kind = self.if_true if getattr(instance, self.column) else self.if_false
        return kind(context=self.context).to_representation(instance)


@dataclass(eq=False)
class Projection:
    """The columns that a serializer shows, and the function that makes its output of their values."""

    annotations: Container[str] = ()
    # Whether JSON is read as text, which is neither parsed nor written again. A list gains by that. A
    # detail does not, and its bytes should be those of the response to a change: they have one ETag.
    json_as_text: bool = False
    columns: list[str] = field(default_factory=list)
    # The columns that are no paths of the model, but expressions: JSON as text.
    expressions: dict[str, Any] = field(default_factory=dict)
    # What the code of the function names: bound methods of fields, and functions of `computed`.
    names: dict[str, Any] = field(default_factory=dict)
    # Lists of other models: the relation, its serializer, the projection of its rows, and where the
    # row has its key.
    lists: list[tuple[Any, Any, "Projection", int]] = field(default_factory=list)
    make: Callable[..., dict[str, Any]] = dict  # until it is compiled

    def select(
        self, queryset: QuerySet[Any], more: Iterable[str] = (), *, named: bool = True
    ) -> QuerySet[Any, Any]:
        """Return the rows of a queryset, as tuples of the columns and of `more`."""
        plain: Any = queryset.select_related(None).prefetch_related(None)
        # Without the key, rows that look the same would become one.
        more = [*more, "pk"] if queryset.query.distinct else more
        rows: QuerySet[Any, Any] = plain.annotate(**self.expressions).values_list(
            *self.with_columns(more), named=named
        )
        return rows

    def with_columns(self, more: Iterable[str]) -> list[str]:
        return [*self.columns, *(name for name in more if name not in self.columns)]

    def output(self, rows: Sequence[Any], prefetches: Iterable[Any] = ()) -> list[dict[str, Any]]:
        """Return what the serializer returns for the rows.

        Reads each list with one query: that of its `Prefetch`, if there is one.
        """
        zone = timezone.get_current_timezone()
        lists = [
            children(relation, projection, [row[key] for row in rows], prefetches)
            for relation, _, projection, key in self.lists
        ]
        return [self.make(row, zone, *lists) for row in rows]

    def output_of(self, instance: Model) -> dict[str, Any]:
        """Return what the serializer returns for an instance that was read from the database."""
        return self.output([[getattr(instance, column) for column in self.columns]])[0]

    def is_flat(self) -> bool:
        """Tell whether all columns are those of the row itself."""
        return not self.lists and not any("__" in column for column in self.columns)

    def column(self, path: str, expression: Any = None) -> str:
        """Return code for the value of a column, which is added if it is not there yet."""
        if path not in self.columns:
            self.columns.append(path)
        if expression:
            self.expressions[path] = expression
        return f"row[{self.columns.index(path)}]"

    def name(self, value: Any) -> str:
        self.names[name := f"name_{len(self.names)}"] = value
        return name


def children(
    relation: Any, projection: Projection, keys: Sequence[Any], prefetches: Iterable[Any]
) -> dict[Any, list[Any]]:
    """Return the output for the rows of a list, by the key of their parent."""
    if not keys:
        return {}
    parent = relation.field.attname
    own = queryset_of(relation.get_accessor_name(), prefetches)
    default = relation.related_model._default_manager.all()  # noqa: SLF001  # Django's documented API
    queryset = default if own is None else own

    def select(keys: Sequence[Any]) -> QuerySet[Any, Any]:
        # Not `filter(parent__in=keys)`, which accepts no placeholders.
        return projection.select(queryset.filter(In(F(parent), keys)), [parent], named=False)

    names = [f"key_{number}" for number in range(len(keys))]
    if own is None and all(map(may_bind, keys)):
        key = relation, projection, len(names)
        query = get_compiled_query(key, lambda: select([BindParam(name) for name in names]))
        rows = query.rows(dict(zip(names, keys, strict=True)))
    else:
        rows = list(select(keys))
    output = projection.output(rows, prefetches_of(queryset))
    position = projection.with_columns([parent]).index(parent)
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for row, child in zip(rows, output, strict=True):
        grouped[row[position]].append(child)
    return grouped


def queryset_of(name: str, prefetches: Iterable[Any]) -> QuerySet[Any] | None:
    """Return the queryset of the `Prefetch` of a relation, if it has one."""
    found = None
    for each in prefetches:
        if isinstance(each, Prefetch) and each.prefetch_to == name and each.queryset is not None:
            found = each.queryset
    return found


def prefetches_of(queryset: Any) -> Iterable[Any]:
    prefetches: Iterable[Any] = queryset._prefetch_related_lookups  # noqa: SLF001  # no public way
    return prefetches


@cache
def find_projection(
    serializer: Any,
    model: Any,
    annotations: frozenset[str] = frozenset(),
    *,
    json_as_text: bool = False,
) -> Projection | None:
    """Return the projection of a serializer to the columns of a model, or None if it needs more."""
    try:
        return compile_projection(serializer(), model, annotations, json_as_text=json_as_text)
    except CannotCompileError:
        return None


def compile_projection(
    serializer: Any,
    model: type[Model],
    annotations: Container[str] = (),
    *,
    json_as_text: bool = False,
) -> Projection:
    """Return the projection of a serializer to the columns of a model. Raises CannotCompileError."""
    projection = Projection(annotations, json_as_text)
    code = _object(projection, serializer, model, "")
    arguments = ", ".join(["row", "zone", *(f"list_{n}" for n in range(len(projection.lists)))])
    # The names in the code are those of fields, quoted, and those of this module.
    projection.make = eval(f"lambda {arguments}: {code}", projection.names)  # noqa: S307
    return projection


def _object(projection: Projection, serializer: Any, model: type[Model], prefix: str) -> str:
    """Return code for the output of a serializer. `prefix` is the path to its model."""
    if isinstance(serializer, SerializerByColumn):
        kinds = serializer.if_true, serializer.if_false
        if_true, if_false = (_object(projection, kind(), model, prefix) for kind in kinds)
        name = serializer.column
        is_annotation = not prefix and name in projection.annotations
        path = prefix + (name if is_annotation else _column(serializer, model, name).attname)
        return f"({if_true} if {projection.column(path)} else {if_false})"
    options = getattr(serializer, "Meta", None)
    of_lists = getattr(options, "list_serializer_class", serializers.ListSerializer)
    _check_static(serializer, type(serializer), of_lists)
    items = (
        f"{each.field_name!r}: {_value(projection, each, model, prefix)}"
        for each in serializer.fields.values()
        if not each.write_only
    )
    return "{" + ", ".join(items) + "}"


def _value(projection: Projection, field: Any, model: type[Model], prefix: str) -> str:
    """Return code for the output of a field."""
    if field.source == "*":
        if isinstance(field, serializers.Serializer):
            return _object(projection, field, model, prefix)
        raise CannotCompileError(field, "reads the whole instance")
    *hops, last = field.source_attrs
    for hop in hops:
        column = _column(field, model, hop)
        if column.null or not column.is_relation:
            raise CannotCompileError(field, f"reads {hop}, which may be null")
        model, prefix = column.related_model, f"{prefix}{hop}__"
    if isinstance(field, serializers.BaseSerializer):
        return _related(projection, field, model, prefix, last)
    if isinstance(field, relations.PrimaryKeyRelatedField):
        return _key(projection, field, prefix + _column(field, model, last).attname)
    return _single(projection, field, model, prefix, last)


def _single(projection: Projection, field: Any, model: type[Model], prefix: str, name: str) -> str:
    """Return code for the output of a field with a value of its own: a column, or made of columns."""
    attribute = getattr(model, name, None)
    if isinstance(attribute, computed):
        values = (projection.column(prefix + each) for each in attribute.columns)
        value = f"{projection.name(attribute.function)}({', '.join(values)})"
        return _converted(projection, field, None, value)
    if not prefix and name in projection.annotations:
        return _converted(projection, field, None, projection.column(name))
    column = _column(field, model, name)
    if column.is_relation and name != column.attname:
        raise CannotCompileError(field, f"reads {name}, which is an instance")
    if projection.json_as_text and _is_unchanged(field) and _is_json(column):
        text = Cast(prefix + name, models.TextField())
        value = projection.column(f"json_{len(projection.columns)}", text)
        return f"None if {value} is None else {projection.name(orjson.Fragment)}({value})"
    return _converted(projection, field, column, projection.column(prefix + name))


def _key(projection: Projection, field: Any, path: str) -> str:
    """Return code for the key of a related row."""
    _check_static(field, type(field))
    value = projection.column(path)
    if field.pk_field is None:
        return value
    name = projection.name(field.pk_field.to_representation)
    return f"None if {value} is None else {name}({value})"


def _converted(projection: Projection, field: Any, column: Any, value: str) -> str:
    """Return code that turns the value of a column into the output of a field."""
    convert = type(field).to_representation
    if type(field).get_attribute is not serializers.Field.get_attribute:
        raise CannotCompileError(field, "has a get_attribute of its own")
    known = (types for kind, types in UNCHANGED if convert is kind.to_representation)
    if _is_unchanged(field) or (_is_a(column, *known) and not _changes_type(field)):
        return value
    if convert is serializers.DateTimeField.to_representation and _is_iso(field):
        return f"{value} and {value}.astimezone(zone)"
    if not (convert.__module__.startswith("rest_framework.") or getattr(field, "compiles", False)):
        raise CannotCompileError(field, "has a to_representation of its own")
    name = projection.name(field.to_representation)
    return f"None if (value := {value}) is None else {name}(value)"


def _related(projection: Projection, field: Any, model: type[Model], prefix: str, name: str) -> str:
    """Return code for the output of a nested serializer: an object or null, or a list of objects."""
    if not isinstance(field, serializers.ListSerializer):
        column = _column(field, model, name)
        code = _object(projection, field, column.related_model, f"{prefix}{name}__")
        key = projection.column(f"{prefix}{column.attname}")
        return f"None if {key} is None else {code}" if column.null else code
    related = model._meta.related_objects  # noqa: SLF001  # Django's documented API
    relation = next((each for each in related if each.get_accessor_name() == name), None)
    if prefix or relation is None or not relation.one_to_many or _overridden(type(field)):
        raise CannotCompileError(field, "is a list of something else than rows with a foreign key")
    column = relation.field.target_field.attname
    key, kind = projection.column(column), type(field.child)
    for number, (known, of_list, _, _) in enumerate(projection.lists):
        if (known, of_list) == (relation, kind):
            return f"list_{number}[{key}]"
    of_rows = compile_projection(
        field.child, relation.related_model, json_as_text=projection.json_as_text
    )
    projection.lists.append((relation, kind, of_rows, projection.columns.index(column)))
    return f"list_{len(projection.lists) - 1}[{key}]"


def _check_static(field: Any, *kinds: type[Any]) -> None:
    """Raise CannotCompileError if one of the classes has something of DYNAMIC of its own."""
    for own in sorted(chain(*map(_overridden, kinds))):
        raise CannotCompileError(field, f"has its own {own}")


def _overridden(serializer: type[Any]) -> set[str]:
    """Return which of DYNAMIC a serializer has that DRF's do not have."""
    bases = [each for each in serializer.__mro__ if each is not object]
    own = [vars(each) for each in bases if not each.__module__.startswith("rest_framework.")]
    return DYNAMIC.intersection(chain(*own))


def _column(field: Any, model: type[Model], name: str) -> Any:
    """Return a column of a model. Raises CannotCompileError if the attribute is something else."""
    with suppress(FieldDoesNotExist):
        options = model._meta  # noqa: SLF001  # Django's documented API
        column: Any = options.pk if name == "pk" else options.get_field(name)
        if column.concrete and type(getattr(model, column.attname)) in PLAIN_ATTRIBUTES:
            return column
    raise CannotCompileError(field, f"reads {name}, which is no column of {model.__name__}")


def _is_a(column: Any, *types: Any) -> bool:
    """Tell whether a column has one of these types, and returns what the database does."""
    is_other = hasattr(column, "from_db_value") or isinstance(column, models.DateTimeField)
    return isinstance(column, types) and not is_other


def _changes_type(field: Any) -> bool:
    """Tell whether a field writes integers as text, or has choices that are no text."""
    if isinstance(field, serializers.BigIntegerField):
        return bool(getattr(field, "coerce_to_string", api_settings.COERCE_BIGINT_TO_STRING))
    return any(type(choice) is not str for choice in getattr(field, "choices", ()))


def _is_unchanged(field: Any) -> bool:
    """Tell whether a field writes its value as it is, in whatever type."""
    is_json = type(field).to_representation is serializers.JSONField.to_representation
    return getattr(field, "is_unchanged", False) or (is_json and not field.binary)


def _is_json(column: Any) -> bool:
    """Tell whether a column holds JSON that Django reads with the standard decoder."""
    reads = getattr(type(column), "from_db_value", None)
    return reads is models.JSONField.from_db_value and column.decoder is None


def _is_iso(field: Any) -> bool:
    style = getattr(field, "format", api_settings.DATETIME_FORMAT)
    return style == ISO_8601 and not hasattr(field, "timezone")


class ProjectionMixin(GenericAPIView[Any]):
    """Lets a generic view list and retrieve without model instances, if its serializer compiles.

    A view whose rows depend on nothing but the user and the ids in the URL may have `select` instead
    of `get_queryset`: a function with parameters of these names. Then its SQL is compiled once, too.
    It is called with placeholders, so it can neither look at the values nor at the time: use `Now()`.
    """

    select: Callable[..., QuerySet[Any]] | None = None

    def get_select(self) -> Callable[..., QuerySet[Any]] | None:
        """Return `select`, or the function for this request."""
        return self.select

    def get_queryset(self) -> QuerySet[Any]:
        select = self.get_select()
        return super().get_queryset() if select is None else select(**self.arguments(select))

    def arguments(self, select: Callable[..., QuerySet[Any]]) -> dict[str, Any]:
        values = {**self.kwargs, "user": self.request.user}
        return {name: values[name] for name in parameters(select)}

    def is_filtered(self) -> bool:
        """Tell whether filters may change the queryset of this request."""
        own = type(self).filter_queryset is not GenericAPIView.filter_queryset
        return own or bool(self.filter_backends)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        projection, rows, prefetches = self.compiled_rows() or self.rows()
        page = self.paginate_queryset(rows)
        found: Any = list(rows if page is None else page)
        output: Any = (
            projection.output(found, prefetches)
            if projection
            else self.get_serializer(found, many=True).data
        )
        return Response(output) if page is None else self.get_paginated_response(output)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.find_output())

    def find_output(self) -> Any:
        """Return the output of the serializer for the object of the URL. Raises Http404."""
        if self.needs_instance():
            return self.output_of(self.get_object())
        name = self.lookup_url_kwarg or self.lookup_field
        value = self.kwargs[name]
        if may_bind(value) and (found := self.statement()):
            projection, statement = found
            lookup = {self.lookup_field: BindParam(name)}
            rows = statement.changed(
                self.lookup_field, lambda queryset: queryset.filter(**lookup), {name: value}
            )
            if found_rows := list(rows):
                return projection.output(found_rows)[0]
            raise Http404
        queryset = self.filter_queryset(self.get_queryset())
        if (plain := self.projection(queryset)) is None:
            return self.output_of(self.get_object())
        row: Any = get_object_or_404(plain.select(queryset), **{self.lookup_field: value})
        return plain.output([row], prefetches_of(queryset))[0]

    def output_of(self, instance: Any) -> Any:
        """Return the output of the serializer for an instance."""
        if self.has_plain_serializer() and isinstance(instance, Model):
            serializer: Any = self.get_serializer_class()
            projection = find_projection(serializer, instance.__class__)
            if projection and projection.is_flat():
                return projection.output_of(instance)
        return self.get_serializer(instance).data

    def rows(self) -> tuple[Projection | None, Any, Iterable[Any]]:
        """Return the projection, the rows of the view, and what they prefetch."""
        queryset = self.filter_queryset(self.get_queryset())
        projection = self.projection(queryset, json_as_text=True)
        if projection is None:
            return None, queryset, ()
        rows = projection.select(queryset, self.sort_columns(queryset))
        return projection, rows, prefetches_of(queryset)

    def compiled_rows(self) -> tuple[Projection, Any, tuple[()]] | None:
        """Return the rows as a statement, if the view and its pagination allow that."""
        accepts = getattr(self.paginator, "accepts_statement", lambda _: self.paginator is None)
        if self.is_filtered() or not accepts(self.request):
            return None
        found = self.statement(self.sort_columns(), json_as_text=True)
        return (*found, ()) if found else None

    def statement(
        self, more: Iterable[str] = (), *, json_as_text: bool = False
    ) -> tuple[Projection, Statement] | None:
        """Return the projection, and the statement that selects its columns and `more`."""
        select = self.get_select()
        if select is None or self.is_filtered() or not self.has_plain_serializer():
            return None
        if type(self).get_queryset is not ProjectionMixin.get_queryset:
            return None  # a class below has other rows
        # The id of an account is bound, not the account.
        values = {name: getattr(each, "pk", each) for name, each in self.arguments(select).items()}
        serializer: Any = self.get_serializer_class()
        if not all(map(may_bind, values.values())):
            return None
        prepared = prepare(select, serializer, json_as_text=json_as_text)
        if prepared is None:
            return None
        projection, queryset = prepared
        columns = tuple(projection.with_columns(more))
        key = projection, select, columns
        rows = partial(projection.select, queryset, more, named=False)
        return projection, Statement(key, queryset.model, rows, columns, values)

    def projection(
        self, queryset: QuerySet[Any], *, json_as_text: bool = False
    ) -> Projection | None:
        """Return the projection of the view's serializer, or None if it needs more than columns."""
        if not self.has_plain_serializer():
            return None
        serializer: Any = self.get_serializer_class()
        model: Any = queryset.model
        annotations = frozenset(queryset.query.annotations)
        return find_projection(serializer, model, annotations, json_as_text=json_as_text)

    def has_plain_serializer(self) -> bool:
        """Tell whether the view makes its serializer as DRF does."""
        return type(self).get_serializer is GenericAPIView.get_serializer

    def sort_columns(self, queryset: QuerySet[Any] | None = None) -> Iterable[str]:
        """Return the columns that the pagination reads from the first and the last row of a page."""
        ordering = getattr(self.paginator, "get_ordering", lambda *_: ())
        names = ordering(self.request, queryset, self)
        keysets = getattr(self, "orderings", {}).values()
        return sorted({name.lstrip("-") for name in chain(names, *(k.columns for k in keysets))})

    def needs_instance(self) -> bool:
        """Tell whether the view or a permission looks at the object."""
        view: Any = type(self)
        standard = GenericAPIView.get_object, GenericAPIView.check_object_permissions
        own = [type(each).has_object_permission for each in self.get_permissions()]
        used = {view.get_object, view.check_object_permissions, *own}
        return not used <= {*standard, BasePermission.has_object_permission}


@cache
def parameters(function: Callable[..., Any]) -> Sequence[str]:
    """Return the names of a function's parameters."""
    return tuple(signature(function).parameters)


@cache
def prepare(
    select: Callable[..., QuerySet[Any]], serializer: Any, *, json_as_text: bool
) -> tuple[Projection, QuerySet[Any]] | None:
    """Return the projection of a serializer, and what `select` returns for placeholders.

    None if the serializer needs more than columns, if a list has a queryset of its own, or if there
    is a moment in the SQL: it may be that of this call.
    """
    queryset = select(**{name: BindParam(name) for name in parameters(select)})
    model: Any = queryset.model
    annotations = frozenset(queryset.query.annotations)
    projection = find_projection(serializer, model, annotations, json_as_text=json_as_text)
    prefetches = prefetches_of(queryset)
    has_own = any(getattr(each, "queryset", None) is not None for each in prefetches)
    is_grouped = queryset.query.distinct or queryset.query.group_by is not None
    is_plain = not has_own and not is_grouped and not _has_moment(queryset)
    return (projection, queryset) if projection and is_plain else None


def _has_moment(queryset: QuerySet[Any]) -> bool:
    """Tell whether the SQL of a queryset has a date, or is none, because there can be no row."""
    try:
        _, params = queryset.query.sql_with_params()
    except EmptyResultSet:
        return True
    return any(MOMENT.match(str(param)) for param in params)


class Anything(Container[str]):
    """Every name: before a request, nobody knows the annotations of a queryset."""

    def __contains__(self, name: object) -> bool:
        return True


def check_projections(**_: Any) -> list[checks.CheckMessage]:
    """Return a message for each view whose serializer takes DRF's way: a system check of Django."""
    messages: list[checks.CheckMessage] = []
    for view in _subclasses(ProjectionMixin):
        serializer = getattr(view.serializer_class, "if_true", view.serializer_class)
        model = getattr(getattr(serializer, "Meta", None), "model", None)
        try:
            if model and hasattr(view, "get"):
                compile_projection(view.serializer_class(), model, Anything())
        except CannotCompileError as error:
            text = f"{view.__name__} reads instances, because {error}."
            messages.append(checks.Info(text, obj=view, id="common.I001"))
    return messages


def _subclasses(view: Any) -> Iterator[Any]:
    for each in view.__subclasses__():
        yield each
        yield from _subclasses(each)
