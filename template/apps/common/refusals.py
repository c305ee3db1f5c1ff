"""Requests that are refused whatever they ask for."""

from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.common.handlers import REFUSED
from apps.common.middleware import GetResponse
from apps.common.problems import problem_response

CODES = {
    HTTPStatus.LENGTH_REQUIRED: ("length_required", "Send the body with a Content-Length."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported_media_type", "Send the body as UTF-8."),
    HTTPStatus.BAD_REQUEST: ("bad_request", "Send no NUL characters."),
}


class RefusalMiddleware:
    """Answers what the handlers have marked, and what has NUL characters in it.

    No text has these. They come to where nobody expects them, such as the key of a session, and
    not every database takes them in a query.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        status = request.META.get(REFUSED)
        if status is None and _has_nul(request):
            status = HTTPStatus.BAD_REQUEST
        if status is None:
            return self.get_response(request)
        code, detail = CODES[status]
        return problem_response(request, status, code=code, detail=detail)


def _has_nul(request: HttpRequest) -> bool:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    # `"\000"` in a cookie is one.
    return any("\0" in name + value for name, value in request.COOKIES.items())
