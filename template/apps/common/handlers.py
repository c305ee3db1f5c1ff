"""Django's WSGI and ASGI handlers, for requests that Django cannot parse.

Without them, Django fails before the first middleware runs: the client gets a bare error of the
server, and no log line has the request id. These handlers drop the malformed part and mark the
request, so that RejectionMiddleware responds with a problem.
"""

import codecs
from http import HTTPStatus
from io import SEEK_END, BytesIO
from string import punctuation
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.handlers import asgi, wsgi
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

# The key in META that holds the status to reject a request with. No header can set it: the keys of
# headers are in upper case.
REJECTED = "request.rejected"
# The only transfer coding that servers decode.
CHUNKED = "chunked"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Utf8Request(HttpRequest):
    """A request whose charset is UTF-8. Any other is marked for rejection with 415.

    Django decodes the query and forms with any Python codec that a client names. Some are not
    text encodings (`rot13`), others produce characters that cannot be stored (`unicode_escape`).
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        # Django has no public hook that runs before it looks up the codec.
        if not _is_utf8(meta.get("CONTENT_TYPE", "")):
            meta[REJECTED] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            meta["CONTENT_TYPE"] = ""
        super()._set_content_type_params(meta)  # type: ignore[misc]  # is not in the stubs


class WSGIRequest(Utf8Request, wsgi.WSGIRequest):
    def __init__(self, environ: dict[str, Any]) -> None:
        if not environ.get("CONTENT_LENGTH"):
            _add_length(environ)
        super().__init__(environ)


class ASGIRequest(Utf8Request, asgi.ASGIRequest):
    def __init__(self, scope: Any, body_file: Any) -> None:
        # A server may pass on bytes that are neither percent-encoded nor UTF-8. Django would raise.
        query = quote(scope.get("query_string", b""), safe=punctuation)
        super().__init__({**scope, "query_string": query.encode()}, body_file)
        # Without a length, DRF takes the body for empty. Django has read it already.
        self.META["CONTENT_LENGTH"] = str(body_file.seek(0, SEEK_END))
        body_file.seek(0)
        if self.META.get("HTTP_TRANSFER_ENCODING", CHUNKED).lower() != CHUNKED:
            self.META.setdefault(REJECTED, HTTPStatus.LENGTH_REQUIRED)


class WSGIHandler(wsgi.WSGIHandler):
    request_class = WSGIRequest


class ASGIHandler(asgi.ASGIHandler):
    request_class = ASGIRequest


def _add_length(environ: dict[str, Any]) -> None:
    """Read a body of unknown length, which Django would take for empty, and add its length.

    Such bodies are chunked, or come by HTTP/2. A server that ends the stream where the body ends
    says so; with any other, reading would block.
    """
    coding = environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    if not coding and environ["REQUEST_METHOD"] in SAFE_METHODS:
        return
    if environ.get("wsgi.input_terminated") and coding in {"", CHUNKED}:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = environ["wsgi.input"].read(*([] if limit is None else [limit + 1]))
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        if limit is not None and len(body) > limit:
            environ[REJECTED] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    elif coding:
        environ[REJECTED] = HTTPStatus.LENGTH_REQUIRED


def _is_utf8(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
        return codecs.lookup(parameters.get("charset", "utf-8")).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):
        return False
