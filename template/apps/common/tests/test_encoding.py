import json

import pytest
from rest_framework import renderers

from apps.common.encoding import JSONRenderer


@pytest.mark.parametrize(
    "data", [{"name": "Äthiopien \u2028", "none": None}, [1, 2.5, True], 2**64, {1: "a number"}]
)
def test_the_renderer_writes_what_that_of_drf_writes(data: object) -> None:
    expected = json.loads(renderers.JSONRenderer().render(data))
    assert json.loads(JSONRenderer().render(data)) == expected


def test_a_response_without_data_has_no_body() -> None:
    assert JSONRenderer().render(None) == b""
