"""The web server of production, Granian with its options: `python -m config.server --help`.

It loads the service once and forks the workers from there, so they share its memory. A single worker
has nobody to share with: run it with `granian`, which loads the service in the worker alone.
"""

import gc
import multiprocessing
from importlib import import_module

from django.core.cache import caches
from django.urls import get_resolver
from granian.cli import entrypoint


def main() -> None:
    """Serve. Raises what is wrong with the settings or the code before there is any worker.

    Nothing that is loaded here may open a connection or start a thread: a fork would share the one,
    and stop the other.
    """
    import_module("config.wsgi")
    # What Django would load with the first request.
    _ = get_resolver().url_patterns, caches["default"]
    # The garbage collector writes to each object that it visits, which ends the sharing.
    gc.freeze()
    # From Python 3.14 on, another method is the default.
    multiprocessing.set_start_method("fork")
    entrypoint()  # type: ignore[no-untyped-call]  # has no types


if __name__ == "__main__":
    main()
