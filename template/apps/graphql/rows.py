"""Reads: the rows of a selection, as the response shows them, with one query for each list.

GraphQL would call a resolver for each field of each row, which takes most of the time of a read.
Here a root field returns a `Read`: what its selection needs is compiled into columns, and each list
below it is one query for all rows of the level above. No model instance is built.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import strawberry
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from graphql import (
    GraphQLEnumType,
    GraphQLID,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)
from strawberry import UNSET, Info

from apps.common.computed import computed
from apps.common.keyset import Ordering
from apps.graphql.inputs import key_of
from apps.graphql.pages import NEWEST, Page, cursor_of
from apps.graphql.selections import TYPENAME, Nodes, Selections

# The key of a field's metadata that says where its rows come from.
SOURCE = "rows"
Row = Sequence[Any]
Loaded = list[dict[Any, Any]]
Getter = Callable[[Row, Loaded], Any]
Items = list[tuple[str, Getter]]


@dataclass(frozen=True)
class Children:
    """All rows of a reverse relation, in the order of their model. There are at most `most`."""

    most: int


@dataclass(frozen=True)
class Related:
    """The row of a foreign key, if the user may see it: `select` returns the rows that may be seen."""

    select: Callable[..., QuerySet[Any]]
    column: str


@dataclass(frozen=True)
class Pages:
    """A page of rows for each parent, whose key is in a column of theirs."""

    select: Callable[..., QuerySet[Any]]
    column: str
    ordering: Ordering = NEWEST


def children(most: int) -> Any:
    """Return a field with all rows of a reverse relation."""
    return strawberry.field(metadata={SOURCE: Children(most)})


def related(select: Callable[..., QuerySet[Any]], column: str) -> Any:
    """Return a field with the row that a foreign key names, or null if the user may not see it."""
    return strawberry.field(metadata={SOURCE: Related(select, column)})


def derived(function: Callable[..., Any], *columns: str) -> Any:
    """Return a field whose value a function computes from columns."""
    return strawberry.field(metadata={SOURCE: computed(function, *columns)})


def pages(
    select: Callable[..., QuerySet[Any]], column: str = "", ordering: Ordering = NEWEST
) -> Any:
    """Return a connection with the rows that `select` returns.

    Below an object, these are the rows that have its key in `column`.
    """

    def resolve(
        info: Info[Any],
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Any:
        page = Page.of(first=first, after=after, last=last, before=before)
        return Read(visible(select, info.context.user), page, ordering)

    return strawberry.field(resolver=resolve, metadata={SOURCE: Pages(select, column, ordering)})


def row(select: Callable[..., QuerySet[Any]]) -> Any:
    """Return a field with one of the rows that `select` returns, by id, or null."""

    def resolve(info: Info[Any], id: strawberry.ID) -> Any:  # noqa: A002  # the name of the argument
        return one(visible(select, info.context.user).filter(pk=key_of(id)))

    return strawberry.field(resolver=resolve)


def visible(select: Callable[..., QuerySet[Any]], user: Any) -> QuerySet[Any]:
    """Return the rows of a selector, which has the user as its only parameter, or none."""
    return select(user) if signature(select).parameters else select()


@dataclass(frozen=True)
class Read:
    """What a root field returns: rows to read. A page of them, one of them, or all."""

    queryset: QuerySet[Any]
    page: Page | None = None
    ordering: Ordering = NEWEST
    # The value of the filter that the ordering requires, if any.
    within: tuple[str, ...] = ()
    is_single: bool = False


def one(queryset: QuerySet[Any]) -> Any:
    """Return the only row of a queryset, or null."""
    return Read(queryset, is_single=True)


@dataclass
class Shape:
    """The columns that a selection needs, and what is loaded for the rows."""

    model: Any
    columns: list[str] = field(default_factory=list)
    # For each list: the place of its key in a row, and a function from keys to output.
    loaders: list[tuple[int, Callable[[list[Any]], dict[Any, Any]]]] = field(default_factory=list)

    def column(self, path: str) -> int:
        """Return the place of a column, which is added if it is not there yet."""
        if path not in self.columns:
            self.columns.append(path)
        return self.columns.index(path)

    def loaded(
        self, column: str, load: Callable[[list[Any]], dict[Any, Any]], empty: Any
    ) -> Getter:
        """Return a getter of what is loaded for the key in a column."""
        key, number = self.column(column), len(self.loaders)
        self.loaders.append((key, load))
        return lambda row, loaded: loaded[number].get(row[key]) or empty()

    def select(self, queryset: QuerySet[Any]) -> list[Row]:
        plain: Any = queryset.select_related(None).prefetch_related(None)
        return list(plain.values_list(*self.columns))

    def load(self, rows: Sequence[Row]) -> Loaded:
        return [load([*{row[key] for row in rows} - {None}]) for key, load in self.loaders]


@dataclass(frozen=True)
class Place:
    """Where the columns of an object are: in the rows of a shape, perhaps behind foreign keys."""

    shape: Shape
    model: Any
    prefix: str = ""

    def column(self, name: str) -> Any:
        return self.model._meta.get_field(name)  # noqa: SLF001  # Django's documented API

    def behind(self, name: str) -> "Place":
        """Return the place of the object that a foreign key names."""
        return Place(self.shape, self.column(name).related_model, f"{self.prefix}{name}__")


class Reader:
    """Reads for one operation, as one user."""

    def __init__(self, selections: Selections, user: Any) -> None:
        self.selections, self.user = selections, user

    def output(self, read: Read, kind: Any, nodes: Nodes) -> Any:
        """Return the response to a root field. Raises ValidationError for an invalid page."""
        kind, queryset = get_named_type(kind), read.queryset
        if read.page is not None:
            return self.page(read, read.page, kind, nodes)
        rows = self.objects(queryset[:1] if read.is_single else queryset, kind, nodes)
        found = [row for _, row in rows]
        return (found[0] if found else None) if read.is_single else found

    def objects(
        self, queryset: QuerySet[Any], kind: GraphQLObjectType, nodes: Nodes, key: str = "pk"
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return the output of rows, each with the value of a column."""
        shape = Shape(queryset.model)
        place = shape.column(key)
        get = self.object(Place(shape, queryset.model), kind, nodes)
        rows = shape.select(queryset)
        loaded = shape.load(rows)
        return [(row[place], get(row, loaded)) for row in rows]

    def page(self, read: Read, page: Page, kind: GraphQLObjectType, nodes: Nodes) -> dict[str, Any]:
        """Return a page of a connection."""
        connection = Connections(self, read, page, kind, nodes)
        found = connection.shape.select(connection.rows[: page.size + 1])
        return connection.output(found, connection.shape.load(found))

    def pages(
        self, source: Pages, kind: GraphQLObjectType, nodes: Nodes, page: Page
    ) -> Callable[[list[Any]], dict[Any, Any]]:
        """Return a function from keys of parents to their pages, which reads all of them at once."""
        read = Read(visible(source.select, self.user), page, source.ordering)
        connection = Connections(self, read, page, kind, nodes)
        rows, number = connection.rows, page.size + 1
        place = connection.shape.column(source.column)
        names = read.ordering.names(backwards=page.is_backwards)

        def load(keys: list[Any]) -> dict[Any, Any]:
            found = connection.shape.select(_first(rows, source.column, keys, names, number))
            loaded = connection.shape.load(found)
            groups: dict[Any, list[Row]] = {key: [] for key in keys}
            for row in found:
                groups[row[place]].append(row)
            return {key: connection.output(each, loaded) for key, each in groups.items()}

        return load

    def object(self, place: Place, kind: GraphQLObjectType, nodes: Nodes) -> Getter:
        """Return a function that gets the output of an object from a row."""
        items = [
            (key, self.field(place, kind, name, each))
            for key, name, each in self.selections.fields(nodes)
        ]
        return _object(items)

    def field(self, place: Place, kind: GraphQLObjectType, name: str, nodes: Nodes) -> Getter:
        """Return a function that gets the output of a field from a row."""
        if name == TYPENAME:
            return lambda row, loaded: kind.name
        of = kind.fields[name]
        definition = of.extensions["strawberry-definition"]
        source, attribute = definition.metadata.get(SOURCE), definition.python_name
        named: Any = get_named_type(of.type)
        if isinstance(source, Pages):
            page = Page.of(**self.selections.arguments(kind, nodes))
            load = self.pages(source, named, nodes, page)
            return place.shape.loaded(f"{place.prefix}pk", load, dict)
        if isinstance(source, Children):
            return self.children(place, attribute, named, nodes)
        if isinstance(source, Related):
            load = self.related(visible(source.select, self.user), named, nodes)
            return place.shape.loaded(f"{place.prefix}{source.column}", load, _none)
        if isinstance(named, GraphQLObjectType):
            return self.behind(place, attribute, named, nodes)
        return _leaf(place, source, attribute, converter(of.type))

    def behind(self, place: Place, name: str, kind: GraphQLObjectType, nodes: Nodes) -> Getter:
        """Return a function that gets the output of the object that a foreign key names, or None."""
        get = self.object(place.behind(name), kind, nodes)
        if not place.column(name).null:
            return get
        key = place.shape.column(f"{place.prefix}{name}__pk")
        return lambda row, loaded: None if row[key] is None else get(row, loaded)

    def related(
        self, rows: QuerySet[Any], kind: GraphQLObjectType, nodes: Nodes
    ) -> Callable[[list[Any]], dict[Any, Any]]:
        """Return a function from keys to the output of their rows."""
        return lambda keys: dict(self.objects(rows.filter(pk__in=keys), kind, nodes))

    def children(self, place: Place, name: str, kind: GraphQLObjectType, nodes: Nodes) -> Getter:
        """Return a function that gets the output of a reverse relation from a row."""
        related = place.model._meta.related_objects  # noqa: SLF001  # Django's documented API
        relation = next(each for each in related if each.get_accessor_name() == name)
        column = relation.field.attname
        rows = relation.related_model._default_manager.all()  # noqa: SLF001

        def load(keys: list[Any]) -> dict[Any, Any]:
            groups: dict[Any, list[Any]] = defaultdict(list)
            children = rows.filter(**{f"{column}__in": keys})
            for key, each in self.objects(children, kind, nodes, column):
                groups[key].append(each)
            return groups

        return place.shape.loaded(f"{place.prefix}pk", load, list)


class Connections:
    """The output of a connection: its edges and its page info, which a client may ask for repeatedly."""

    def __init__(
        self, reader: Reader, read: Read, page: Page, kind: GraphQLObjectType, nodes: Nodes
    ) -> None:
        self.read, self.page = read, page
        values = page.values(read.ordering, read.queryset.model, read.within)
        # Those that follow the cursor, in order, without a limit.
        self.rows = read.ordering.following(read.queryset, values, backwards=page.is_backwards)
        self.shape = Shape(read.queryset.model)
        self.place = Place(self.shape, read.queryset.model)
        self.key = [self.shape.column(name) for name in read.ordering.columns]
        fields = reader.selections.fields
        self.parts: list[tuple[str, Any]] = []
        for key, name, each in fields(nodes):
            if name == "edges":
                edge: Any = get_named_type(kind.fields[name].type)
                self.parts.append((key, self.edge(reader, edge, each)))
            elif name == "pageInfo":
                self.parts.append((key, [(key, name) for key, name, _ in fields(each)]))
            else:
                self.parts.append((key, kind.name))

    def edge(self, reader: Reader, kind: GraphQLObjectType, nodes: Nodes) -> Getter:
        items: Items = []
        for key, name, each in reader.selections.fields(nodes):
            if name == "node":
                node: Any = get_named_type(kind.fields[name].type)
                items.append((key, reader.object(self.place, node, each)))
            elif name == "cursor":
                items.append((key, lambda row, loaded: self.cursor(row)))
            else:
                items.append((key, lambda row, loaded: kind.name))
        return _object(items)

    def cursor(self, row: Row) -> str:
        return cursor_of(self.read.ordering, self.read.within, [row[each] for each in self.key])

    def output(self, rows: list[Row], loaded: Loaded) -> dict[str, Any]:
        """Return the page from its rows, and one row of the next page if there is one."""
        backwards, has_more = self.page.is_backwards, len(rows) > self.page.size
        rows = rows[: self.page.size]
        if backwards:
            rows.reverse()
        has_place = (self.page.before if backwards else self.page.after) is not None
        info = {
            "hasNextPage": has_place if backwards else has_more,
            "hasPreviousPage": has_more if backwards else has_place,
            "startCursor": self.cursor(rows[0]) if rows else None,
            "endCursor": self.cursor(rows[-1]) if rows else None,
            TYPENAME: "PageInfo",
        }
        found: dict[str, Any] = {}
        for key, part in self.parts:
            if isinstance(part, list):
                found[key] = {name: info[of] for name, of in part}
            else:
                found[key] = part if isinstance(part, str) else [part(row, loaded) for row in rows]
        return found


def _first(
    rows: QuerySet[Any, Any], column: str, keys: Sequence[Any], order: list[str], number: int
) -> QuerySet[Any, Any]:
    """Return this many rows of each parent."""
    of_parents: QuerySet[Any, Any] = rows.filter(**{f"{column}__in": keys})
    if len(keys) == 1:
        # Reads no more rows than it returns: to number them, the database reads all of the parent's.
        return of_parents[:number]
    row_number = Window(RowNumber(), partition_by=F(column), order_by=order)
    numbered: Any = of_parents.annotate(row_number=row_number)
    first: QuerySet[Any, Any] = numbered.filter(row_number__lte=number)
    return first


def _none() -> None:
    return None


def _object(items: Items) -> Getter:
    return lambda row, loaded: {key: get(row, loaded) for key, get in items}


def _leaf(
    place: Place, source: Any, attribute: str, convert: Callable[[Any], Any] | None
) -> Getter:
    """Return a getter of a value of a column, or of one that is computed from columns."""
    source = source or getattr(place.model, attribute, None)
    names = source.columns if isinstance(source, computed) else (attribute,)
    columns = [place.shape.column(place.prefix + name) for name in names]
    if isinstance(source, computed):
        function = source.function
        return lambda row, loaded: _apply(convert, function(*(row[each] for each in columns)))
    [column] = columns
    if convert is None:
        return lambda row, loaded: row[column]
    return lambda row, loaded: convert(row[column])


def _apply(convert: Callable[[Any], Any] | None, value: Any) -> Any:
    return convert(value) if convert else value


def converter(kind: Any) -> Callable[[Any], Any] | None:
    """Return the function from a value of the database to that of the response, if they differ.

    JSON has numbers, text, booleans and dates as they are, but GraphQL has names for the values of
    an enumeration, and text for ids.
    """
    if isinstance(kind, GraphQLNonNull):
        return converter(kind.of_type)
    if isinstance(kind, GraphQLList):
        convert = converter(kind.of_type)
        return None if convert is None else lambda values: [*map(convert, values)]
    if kind is GraphQLID:
        return lambda value: None if value is None else str(value)
    if isinstance(kind, GraphQLEnumType):
        definition = kind.extensions["strawberry-definition"]
        return {each.value: each.name for each in definition.values}.get
    return None
