"""Django's handlers, for requests that Django cannot even read.

Such a request fails before the first middleware: the client would get the bare error of a server,
and the log no line with an id. Here it is read without what is wrong with it, and marked, so that
RefusalMiddleware answers it as any other request that is refused.
"""

import codecs
from http import HTTPStatus
from string import punctuation
from typing import Any
from urllib.parse import quote

from django.core.handlers import asgi, wsgi
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

# The status with which a request is refused. No client can send a header of such a name.
REFUSED = "request.refused"


class Utf8Request(HttpRequest):
    """A request in UTF-8.

    Django decodes the query and forms with any codec of Python that a client names, of which some
    are none of text (`rot13`), and others make characters that nothing can store
    (`unicode_escape`).
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        # Django has no public place for this: it happens while a request is made.
        if not _is_utf8(meta.get("CONTENT_TYPE", "")):
            meta[REFUSED] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            meta["CONTENT_TYPE"] = ""
        super()._set_content_type_params(meta)  # type: ignore[misc]  # is not in the stubs


class WSGIRequest(Utf8Request, wsgi.WSGIRequest):
    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        # WSGI gives no body without a length, so that it would look empty.
        if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
            environ.setdefault(REFUSED, HTTPStatus.LENGTH_REQUIRED)


class ASGIRequest(Utf8Request, asgi.ASGIRequest):
    def __init__(self, scope: Any, body_file: Any) -> None:
        # A server may pass on bytes that are not percent-encoded, and not UTF-8 either.
        query = quote(scope.get("query_string", b""), safe=punctuation)
        super().__init__({**scope, "query_string": query.encode()}, body_file)


class WSGIHandler(wsgi.WSGIHandler):
    request_class = WSGIRequest


class ASGIHandler(asgi.ASGIHandler):
    request_class = ASGIRequest


def _is_utf8(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
        return codecs.lookup(parameters.get("charset", "utf-8")).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):
        return False
