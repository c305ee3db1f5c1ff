import pytest
from django.test import RequestFactory
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request

from apps.common.negotiation import ContentNegotiation

RENDERERS = [JSONRenderer(), StaticHTMLRenderer()]


def select(
    negotiation: DefaultContentNegotiation, query: dict[str, str], accept: str | None
) -> str:
    """Return the media types of the renderer and of the response, or the code of the error."""
    headers = {} if accept is None else {"accept": accept}
    request = Request(RequestFactory().get("/", query, headers=headers))
    try:
        renderer, media_type = negotiation.select_renderer(request, RENDERERS)
    except NotAcceptable as error:
        return error.default_code
    return f"{renderer.media_type} as {media_type}"


@pytest.mark.parametrize("query", [{}, {"format": "html"}, {"format": "json"}], ids=str)
@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/json",
        "text/html",
        "text/html, */*;q=0.5",
        "application/json, text/plain, */*",
        "application/json; indent=8",
        "image/png",
        "",
    ],
)
def test_a_response_has_the_media_type_that_rest_framework_would_select(
    query: dict[str, str], accept: str | None
) -> None:
    ours, theirs = (
        select(negotiation, query, accept)
        for negotiation in (ContentNegotiation(), DefaultContentNegotiation())
    )
    assert ours == theirs
