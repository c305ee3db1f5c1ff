from collections import OrderedDict
from typing import Any


class FIFOCache(OrderedDict[Any, Any]):
    """A dictionary of limited size, which evicts its oldest entry (first in, first out).

    Each process has its own. The threads of a process may share it.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__()
        self.maxsize = maxsize

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > self.maxsize:
            self.popitem(last=False)
