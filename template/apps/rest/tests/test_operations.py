from unittest import mock

import pytest

from apps.rest.operations import run_sql_for_vendor


@pytest.mark.parametrize(("vendor", "times"), [("ours", 1), ("another", 0)])
def test_statements_run_on_one_kind_of_database_alone(vendor: str, times: int) -> None:
    operation = run_sql_for_vendor("ours", ["CREATE"], ["DROP"])
    editor = mock.Mock()
    editor.connection.vendor = vendor
    operation.code(mock.Mock(), editor)
    assert editor.execute.mock_calls == [mock.call("CREATE")] * times
    assert operation.reverse_code is not None
    operation.reverse_code(mock.Mock(), editor)
    assert editor.execute.mock_calls == [mock.call("CREATE"), mock.call("DROP")][: 2 * times]
