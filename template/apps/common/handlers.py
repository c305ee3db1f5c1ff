"""Django's WSGI and ASGI handlers, for requests that Django cannot parse.

Such a request fails before the first middleware: the client would get the server's bare error, and
the log no line with a request id. Here its malformed part is left out, and the request is marked,
so that RejectionMiddleware responds with a problem.
"""

import codecs
from http import HTTPStatus
from string import punctuation
from typing import Any
from urllib.parse import quote

from django.core.handlers import asgi, wsgi
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

# The key in META of the status to reject a request with. No client can send a header of this name.
REJECTED = "request.rejected"


class Utf8Request(HttpRequest):
    """A request in UTF-8.

    Django decodes the query and forms with any Python codec that a client names. Some are not
    text encodings (`rot13`), others produce characters that cannot be stored (`unicode_escape`).
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        # Django has no public hook for this.
        if not _is_utf8(meta.get("CONTENT_TYPE", "")):
            meta[REJECTED] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            meta["CONTENT_TYPE"] = ""
        super()._set_content_type_params(meta)  # type: ignore[misc]  # is not in the stubs


class WSGIRequest(Utf8Request, wsgi.WSGIRequest):
    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        # WSGI servers pass no body without a length: it would look empty.
        if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
            environ.setdefault(REJECTED, HTTPStatus.LENGTH_REQUIRED)


class ASGIRequest(Utf8Request, asgi.ASGIRequest):
    def __init__(self, scope: Any, body_file: Any) -> None:
        # A server may pass on bytes that are neither percent-encoded nor UTF-8.
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
