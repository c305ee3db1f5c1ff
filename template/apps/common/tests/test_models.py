import re

from django.apps import apps


def test_names_of_constraints_and_indexes_begin_with_their_table() -> None:
    """Errors and migrations show these names; generated ones end in a hash."""
    named = [
        (model._meta.db_table, each.name)  # noqa: SLF001  # Django documents it
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        for each in (*model._meta.constraints, *model._meta.indexes)  # noqa: SLF001
    ]
    assert named
    for table, name in named:
        assert name.startswith(table)
        assert not re.search(r"_[0-9a-f]{6,8}_idx$", name), name
