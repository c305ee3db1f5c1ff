"""Selections: which fields of a type a client asks for, with their arguments."""

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    SelectionNode,
    get_argument_values,
    get_directive_values,
)

TYPENAME = "__typename"
Nodes = list[FieldNode]


class Selections:
    """Reads the selections of one operation. No type of ours is an interface or a union."""

    def __init__(self, fragments: dict[str, Any], variables: Any) -> None:
        self.fragments, self.variables = fragments, variables

    def fields(self, nodes: Nodes) -> Iterator[tuple[str, str, Nodes]]:
        """Yield the fields that are selected below nodes: the key of the response, name and nodes."""
        found: dict[str, Nodes] = {}
        spread: set[str] = set()
        for node in nodes:
            selections = node.selection_set.selections if node.selection_set else ()
            self._collect(selections, found, spread)
        for key, each in found.items():
            yield key, each[0].name.value, each

    def arguments(self, kind: GraphQLObjectType, nodes: Nodes) -> dict[str, Any]:
        """Return the arguments of a field, which are the same in all its nodes. Raises GraphQLError."""
        field = kind.fields[nodes[0].name.value]
        return get_argument_values(field, nodes[0], self.variables)

    def _collect(
        self, selections: Iterable[SelectionNode], found: dict[str, Nodes], spread: set[str]
    ) -> None:
        """Add fields to those that were found. A fragment counts once, wherever it is spread."""
        for each in selections:
            if not self._is_included(each):
                continue
            part: Any = each
            if isinstance(each, FieldNode):
                found.setdefault((each.alias or each.name).value, []).append(each)
                continue
            if isinstance(each, FragmentSpreadNode):
                if each.name.value in spread:
                    continue
                spread.add(each.name.value)
                part = self.fragments[each.name.value]
            self._collect(part.selection_set.selections, found, spread)

    def _is_included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables) or {"if": False}
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not skip["if"] and (include is None or include["if"])
