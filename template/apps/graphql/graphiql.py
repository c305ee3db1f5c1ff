"""GraphiQL, a page to try the GraphQL API. It exists in development only."""

from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from apps.common.views import page_csp

# What `make graphiql` downloads.
PACKAGES = "graphql/downloaded"
# The editor writes styles of its own, and has its fonts and images in its style sheet.
graphiql_csp = page_csp(
    **{
        "style-src": [*settings.CSP_SELF, "'unsafe-inline'"],
        "font-src": ["data:"],
        "img-src": [*settings.CSP_SELF, "data:"],
    }
)


@method_decorator(graphiql_csp, name="dispatch")
class GraphiQLView(TemplateView):
    template_name = "graphql/graphiql.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_downloaded = finders.find(f"{PACKAGES}/package/graphiql.min.js") is not None
        return super().get_context_data(is_downloaded=is_downloaded, **kwargs)
