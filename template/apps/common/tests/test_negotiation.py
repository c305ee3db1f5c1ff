import pytest
from django.test import RequestFactory
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request

from apps.common.negotiation import ContentNegotiation

RENDERERS = [JSONRenderer(), StaticHTMLRenderer()]


def chosen(
    negotiation: DefaultContentNegotiation, query: dict[str, str], accept: str | None
) -> str:
    """Return the media type that a request gets, or what it is refused with."""
    headers = {} if accept is None else {"accept": accept}
    request = Request(RequestFactory().get("/", query, headers=headers))
    try:
        renderer, media_type = negotiation.select_renderer(request, RENDERERS)
    except NotAcceptable as error:
        return error.default_code
    return f"{renderer.media_type} as {media_type}"


@pytest.mark.parametrize("query", ["", "format=html", "format=json"])
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
def test_the_answer_comes_in_the_format_that_rest_framework_would_choose(
    query: str, accept: str | None
) -> None:
    parameters = dict([query.split("=")]) if query else {}
    ours, theirs = (
        chosen(negotiation, parameters, accept)
        for negotiation in (ContentNegotiation(), DefaultContentNegotiation())
    )
    assert ours == theirs


def test_whoever_takes_problems_takes_json() -> None:
    answer = chosen(ContentNegotiation(), {}, "application/problem+json;q=0.9, text/html;q=0.5")
    assert answer.startswith("application/json")
