from collections import OrderedDict
from typing import Any


class Recent(OrderedDict[Any, Any]):
    """A dictionary for one process that forgets what it has had the longest when it is full."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > self.size:
            self.popitem(last=False)
