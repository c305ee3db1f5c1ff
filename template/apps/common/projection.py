"""Reads without model instances: the fields of a serializer, compiled once into columns and a function.

DRF builds an instance for each row and visits each field of it, which takes most of the time of a
read. `ProjectionMixin` reads only the columns that the serializer of a view shows, and makes its
output of the rows. A serializer with a field that needs more than columns takes DRF's way: the check
`common.I001` names the field.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any

from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Model, Prefetch, QuerySet
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.utils import timezone
from rest_framework import ISO_8601, relations, serializers
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from apps.common.computed import computed

# The fields that write what the database returns, and the columns for which they do so.
UNCHANGED: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    (serializers.BooleanField, (models.BooleanField,)),
    (serializers.CharField, (models.CharField, models.TextField)),
    (serializers.DateField, (models.DateField,)),
    (serializers.FloatField, (models.FloatField,)),
    (serializers.IntegerField, (models.IntegerField,)),
    (serializers.UUIDField, (models.UUIDField,)),
)
# With these, a serializer may have other fields or another output for each request.
DYNAMIC = {
    *("__init__", "data", "fields", "get_attribute", "get_field_names", "get_fields"),
    "to_representation",
}
# Those of other attributes, such as files, return something else than the column.
PLAIN_ATTRIBUTES = (DeferredAttribute, ForeignKeyDeferredAttribute)


class CannotCompileError(Exception):
    """A field needs more than columns."""

    def __init__(self, field: Any, reason: str) -> None:
        place = f"{type(field.parent).__name__}.{field.field_name}"
        super().__init__(f"{place if field.parent else type(field).__name__} {reason}")


@dataclass
class Projection:
    """The columns that a serializer shows, and the function that makes its output of their values."""

    annotations: Container[str]
    columns: list[str] = field(default_factory=list)
    # What the code of the function names: bound methods of fields, and functions of `computed`.
    names: dict[str, Any] = field(default_factory=dict)
    # Lists of other models: the relation, the projection of its rows, and where the row has its key.
    lists: list[tuple[Any, "Projection", int]] = field(default_factory=list)
    make: Callable[..., dict[str, Any]] = dict  # until it is compiled

    def select(self, queryset: QuerySet[Any], more: Iterable[str] = ()) -> QuerySet[Any, Any]:
        """Return the rows of a queryset, as named tuples of the columns and of `more`."""
        plain = queryset.select_related(None).prefetch_related(None)
        # Without the key, rows that look the same would become one.
        more = [*more, "pk"] if queryset.query.distinct else more
        names = [*self.columns, *(name for name in more if name not in self.columns)]
        return plain.values_list(*names, named=True)

    def output(self, rows: Sequence[Any], prefetches: Iterable[Any] = ()) -> list[dict[str, Any]]:
        """Return what the serializer returns for the rows.

        Reads each list with one query: that of its `Prefetch`, if there is one.
        """
        zone = timezone.get_current_timezone()
        lists = [
            children(relation, projection, [row[key] for row in rows], prefetches)
            for relation, projection, key in self.lists
        ]
        return [self.make(row, zone, *lists) for row in rows]

    def column(self, path: str) -> str:
        """Return code for the value of a column, which is added if it is not there yet."""
        if path not in self.columns:
            self.columns.append(path)
        return f"row[{self.columns.index(path)}]"

    def name(self, value: Any) -> str:
        self.names[name := f"name_{len(self.names)}"] = value
        return name


def children(
    relation: Any, projection: Projection, keys: Sequence[Any], prefetches: Iterable[Any]
) -> dict[Any, list[Any]]:
    """Return the output for the rows of a list, by the key of their parent."""
    name = relation.get_accessor_name()
    queryset = relation.related_model._default_manager.all()  # noqa: SLF001  # Django's documented API
    for each in prefetches:
        if isinstance(each, Prefetch) and each.prefetch_to == name:
            queryset = queryset if each.queryset is None else each.queryset
    parent = relation.field.attname
    rows = projection.select(queryset.filter(**{f"{parent}__in": keys}), [parent])
    output = projection.output(list(rows), prefetches_of(queryset))
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for row, child in zip(rows, output, strict=True):
        grouped[getattr(row, parent)].append(child)
    return grouped


def prefetches_of(queryset: Any) -> Iterable[Any]:
    prefetches: Iterable[Any] = queryset._prefetch_related_lookups  # noqa: SLF001  # no public way
    return prefetches


@cache
def find_projection(
    serializer: Any, model: Any, annotations: frozenset[str] = frozenset()
) -> Projection | None:
    """Return the projection of a serializer to the columns of a model, or None if it needs more."""
    try:
        return compile_projection(serializer(), model, annotations)
    except CannotCompileError:
        return None


def compile_projection(
    serializer: Any, model: type[Model], annotations: Container[str] = ()
) -> Projection:
    """Return the projection of a serializer to the columns of a model. Raises CannotCompileError."""
    projection = Projection(annotations)
    code = _object(projection, serializer, model, "")
    arguments = ", ".join(["row", "zone", *(f"list_{n}" for n in range(len(projection.lists)))])
    # The names in the code are those of fields, quoted, and those of this module.
    projection.make = eval(f"lambda {arguments}: {code}", projection.names)  # noqa: S307
    return projection


def _object(projection: Projection, serializer: Any, model: type[Model], prefix: str) -> str:
    """Return code for the output of a serializer. `prefix` is the path to its model."""
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
    attribute = getattr(model, last, None)
    if isinstance(attribute, computed):
        values = (projection.column(prefix + each) for each in attribute.columns)
        value = f"{projection.name(attribute.function)}({', '.join(values)})"
        return _converted(projection, field, None, value)
    if not prefix and last in projection.annotations:
        return _converted(projection, field, None, projection.column(last))
    column = _column(field, model, last)
    if column.is_relation and last != column.attname:
        raise CannotCompileError(field, f"reads {last}, which is an instance")
    return _converted(projection, field, column, projection.column(prefix + last))


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
    if any(convert is kind.to_representation and _is_a(column, types) for kind, types in UNCHANGED):
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
    key = projection.column(column)
    of_rows = compile_projection(field.child, relation.related_model)
    projection.lists.append((relation, of_rows, projection.columns.index(column)))
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


def _is_a(column: Any, types: tuple[Any, ...]) -> bool:
    """Tell whether a column has one of these types, and returns what the database does."""
    is_other = hasattr(column, "from_db_value") or isinstance(column, models.DateTimeField)
    return isinstance(column, types) and not is_other


def _is_iso(field: Any) -> bool:
    style = getattr(field, "format", api_settings.DATETIME_FORMAT)
    return style == ISO_8601 and not hasattr(field, "timezone")


class ProjectionMixin(GenericAPIView[Any]):
    """Lets a generic view list and retrieve without model instances, if its serializer compiles."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        projection = self.projection(queryset)
        rows = projection.select(queryset, self.sort_columns(queryset)) if projection else queryset
        page = self.paginate_queryset(rows)
        found = list(rows if page is None else page)
        output: Any = (
            projection.output(found, prefetches_of(queryset))
            if projection
            else self.get_serializer(found, many=True).data
        )
        return Response(output) if page is None else self.get_paginated_response(output)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        projection = None if self.needs_instance() else self.projection(queryset)
        if projection is None:
            return Response(self.get_serializer(self.get_object()).data)
        lookup = {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}
        rows: Any = projection.select(queryset)
        row = get_object_or_404(rows, **lookup)
        return Response(projection.output([row], prefetches_of(queryset))[0])

    def projection(self, queryset: QuerySet[Any]) -> Projection | None:
        """Return the projection of the view's serializer, or None if it needs more than columns."""
        if type(self).get_serializer is not GenericAPIView.get_serializer:
            return None
        serializer: Any = self.get_serializer_class()
        model: Any = queryset.model
        return find_projection(serializer, model, frozenset(queryset.query.annotations))

    def sort_columns(self, queryset: QuerySet[Any]) -> Iterable[str]:
        """Return the columns that the pagination reads from the first and the last row of a page."""
        ordering = getattr(self.paginator, "get_ordering", lambda *_: ())
        names = ordering(self.request, queryset, self)
        keysets = getattr(self, "orderings", {}).values()
        return {*(name.lstrip("-") for name in names), *chain(*(each.columns for each in keysets))}

    def needs_instance(self) -> bool:
        """Tell whether the view or a permission looks at the object."""
        view: Any = type(self)
        standard = GenericAPIView.get_object, GenericAPIView.check_object_permissions
        own = [type(each).has_object_permission for each in self.get_permissions()]
        used = {view.get_object, view.check_object_permissions, *own}
        return not used <= {*standard, BasePermission.has_object_permission}


class Anything(Container[str]):
    """Every name: before a request, nobody knows the annotations of a queryset."""

    def __contains__(self, name: object) -> bool:
        return True


def check_projections(**_: Any) -> list[checks.CheckMessage]:
    """Return a message for each view whose serializer takes DRF's way: a system check of Django."""
    messages: list[checks.CheckMessage] = []
    for view in _subclasses(ProjectionMixin):
        model = getattr(getattr(view.serializer_class, "Meta", None), "model", None)
        try:
            if model:
                compile_projection(view.serializer_class(), model, Anything())
        except CannotCompileError as error:
            text = f"{view.__name__} reads instances, because {error}."
            messages.append(checks.Info(text, obj=view, id="common.I001"))
    return messages


def _subclasses(view: Any) -> Iterator[Any]:
    for each in view.__subclasses__():
        yield each
        yield from _subclasses(each)
