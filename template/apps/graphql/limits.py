"""Limits of an operation, which are checked before anything is read or changed.

A client writes the query, so it decides how much work a request is: a short text can ask for millions
of rows. Tokens limit what parsing and validation cost, depth and aliases what the text may repeat,
and the cost how many values the response may have.
"""

from collections.abc import Iterable
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
)

from apps.common.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from apps.graphql.rows import SOURCE, Children
from apps.graphql.selections import Nodes, Selections

MAX_QUERY_LENGTH = 20_000  # characters
MAX_TOKENS = 1_000
MAX_VALUES = 1_000  # of variables
MAX_DEPTH = 12
MAX_ALIASES = 30
MAX_COST = 10_000
# A change costs as much as a large page: so one request makes ten of them at most.
COST_OF_MUTATION = 1_000


class LimitsRule(ValidationRule):
    """Rejects a document that is too deep or has too many aliases.

    Strawberry's own limiters follow each fragment again wherever it is spread: a few hundred
    characters, in which each fragment spreads the next one three times, keep them busy for hours.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.fragments = {
            each.name.value: each
            for each in context.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self.measured: dict[str, tuple[int, int]] = {}
        for each in context.document.definitions:
            if isinstance(each, OperationDefinitionNode):
                self.check(each)

    def check(self, operation: OperationDefinitionNode) -> None:
        depth, aliases = self.measure(operation.selection_set.selections)
        for name, found, most in (
            ("depth", depth, MAX_DEPTH),
            ("number of aliases", aliases, MAX_ALIASES),
        ):
            if found > most:
                text = f"The {name} is {found}, and must be at most {most}."
                self.report_error(limit_error(text, [operation]))

    def measure(self, selections: Iterable[SelectionNode]) -> tuple[int, int]:
        """Return the depth and the number of aliases, with those of fragments wherever they are spread."""
        found = [self.measure_one(each) for each in selections]
        return max(depth for depth, _ in found), sum(aliases for _, aliases in found)

    def measure_one(self, node: Any) -> tuple[int, int]:
        if isinstance(node, FieldNode):
            # The schema is no row, and deep.
            if node.selection_set is None or node.name.value.startswith("__"):
                return 1, bool(node.alias)
            depth, aliases = self.measure(node.selection_set.selections)
            return depth + 1, aliases + bool(node.alias)
        if node.kind == "inline_fragment":
            return self.measure(node.selection_set.selections)
        name = node.name.value
        if name not in self.measured:
            # For a fragment that spreads itself, which another rule rejects.
            self.measured[name] = 0, 0
            if name in self.fragments:
                self.measured[name] = self.measure(self.fragments[name].selection_set.selections)
        return self.measured[name]


def check_cost(selections: Selections, kind: GraphQLObjectType, operation: Any) -> None:
    """Raise GraphQLError if the response of an operation could have too many values."""
    cost = cost_of(selections, kind, [operation])
    if operation.operation.value == "mutation":
        cost += COST_OF_MUTATION * len([*selections.fields([operation])])
    if cost > MAX_COST:
        text = f"The cost of this operation is {cost}, and must be at most {MAX_COST}: ask for smaller pages."
        raise limit_error(text, [operation])


def cost_of(selections: Selections, kind: GraphQLObjectType, nodes: Nodes) -> int:
    """Return how many values are selected below nodes, if each page and each list is full."""
    cost = 0
    for _, name, each in selections.fields(nodes):
        of = kind.fields.get(name)
        if of is None:
            continue  # the name of a type, or the schema
        cost += 1
        named = get_named_type(of.type)
        if isinstance(named, GraphQLObjectType):
            cost += _size(selections, kind, each) * cost_of(selections, named, each)
    return cost


def _size(selections: Selections, kind: GraphQLObjectType, nodes: Nodes) -> int:
    """Return how many objects a field may have."""
    field = kind.fields[nodes[0].name.value]
    source = field.extensions["strawberry-definition"].metadata.get(SOURCE)
    if isinstance(source, Children):
        return source.most
    if "first" not in field.args:
        return 1
    arguments = selections.arguments(kind, nodes)
    sizes = [size for name in ("first", "last") if (size := arguments.get(name)) is not None]
    # A size out of range is rejected when it is read.
    return min(max(0, *sizes) if sizes else PAGE_SIZE, MAX_PAGE_SIZE)


def limit_error(text: str, nodes: Any) -> GraphQLError:
    return GraphQLError(text, nodes, extensions={"code": "limit_exceeded"})
