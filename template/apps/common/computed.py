from collections.abc import Callable
from typing import Any


class computed:  # noqa: N801  # is used like a property
    """An attribute of a model that a function computes from columns.

    Unlike those of a property, its columns are known, so that a list can read them without instances.
    """

    def __init__(self, function: Callable[..., Any], *columns: str) -> None:
        self.function, self.columns = function, columns

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return self.function(*(getattr(instance, column) for column in self.columns))
