from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.servers.basehttp import get_internal_wsgi_application
from drf_spectacular.generators import SchemaGenerator
from hypothesis import settings
from rest_framework import serializers
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from apps.common.openapi import operations
from apps.users.tests.factories import UserFactory

DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(public=True)
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = [operation.description for operation in operations(DOCUMENT).values()]
api_schema = schemathesis.openapi.from_dict(DOCUMENT)
api_schema.app = get_internal_wsgi_application()
api_schema.config.phases.coverage.enabled = settings.get_current_profile_name() == "many"

# Headers for browsers, proxies and HTTP itself, not for the API's clients.
PLUMBING = {
    *("allow", "cache-control", "set-cookie", "vary"),
    *("content-disposition", "content-language", "content-length", "content-type"),
    *("content-security-policy", "cross-origin-opener-policy", "referrer-policy"),
    *("x-content-type-options", "x-frame-options"),
}
RESPONSES = [
    DOCUMENT["components"]["responses"]["Problem"],
    *(response for operation in OPERATIONS for response in operation["responses"].values()),
]
DOCUMENTED = {name.lower() for response in RESPONSES for name in response.get("headers", ())}


def headers_are_documented(context: Any, response: Any, case: Any) -> None:
    """Check that the document has each header of a response, somewhere."""
    unknown = {name.lower() for name in response.headers} - DOCUMENTED - PLUMBING
    assert not unknown, f"undocumented headers: {unknown}"


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("_open_connection")
@api_schema.parametrize()
def test_the_api_does_what_its_schema_says(case: schemathesis.Case[Any]) -> None:
    staff = UserFactory.create(is_staff=True, is_superuser=True)
    case.call_and_validate(
        headers={"Authorization": f"Bearer {AccessToken.for_user(staff)}"},
        additional_checks=[headers_are_documented],
        excluded_checks=[
            # Passwords and links follow rules that a schema cannot express.
            positive_data_acceptance,
            # DRF accepts 0 for "0" and ignores unknown query parameters.
            negative_data_rejection,
        ],
    )


def test_the_schema_is_valid_and_complete(tmp_path: Any) -> None:
    file = str(tmp_path / "openapi.yaml")
    call_command("spectacular", validate=True, fail_on_warn=True, file=file)


def documented_serializers(base: Any = serializers.Serializer) -> Iterator[tuple[str, Any]]:
    """Yield the name of each schema that a serializer of this service has, with the serializer."""
    for kind in base.__subclasses__():
        name = kind.__name__.removesuffix("Serializer")
        for schema in (name, f"{name}Request", f"Patched{name}Request"):
            if kind.__module__.startswith("apps.") and schema in SCHEMAS:
                yield schema, kind
        yield from documented_serializers(kind)


LIMITS = {
    "min_value": "minimum",
    "max_value": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
}
FORMATS = {
    serializers.DateField: "date",
    serializers.DateTimeField: "date-time",
    serializers.EmailField: "email",
}


def limits_of(field: Any, *, is_request: bool) -> dict[str, Any]:
    """Return what a field accepts, in the words of a schema."""
    limits = {word: getattr(field, name, None) for name, word in LIMITS.items()}
    if isinstance(field, serializers.CharField) and is_request and not field.allow_blank:
        limits["minLength"] = limits["minLength"] or 1
    if isinstance(field, serializers.ListField | serializers.ListSerializer):
        limits = {word.replace("Length", "Items"): limit for word, limit in limits.items()}
    limits["format"] = next((FORMATS[kind] for kind in FORMATS if isinstance(field, kind)), None)
    return {word: limit for word, limit in limits.items() if limit is not None}


@pytest.mark.parametrize(("name", "serializer"), list(documented_serializers()))
def test_the_schema_has_the_limits_of_the_code(name: str, serializer: Any) -> None:
    fields = serializer().fields
    words = {*LIMITS.values(), "minItems", "maxItems"}
    for field, schema in SCHEMAS[name]["properties"].items():
        expected = limits_of(fields[field], is_request=name.endswith("Request"))
        wanted = words | expected.keys()
        # A text with a pattern that may be empty has a schema for each case.
        text, *_ = schema.get("oneOf", [schema])
        assert {word: text[word] for word in text if word in wanted} == expected, field


def test_each_serializer_with_a_body_is_compared_with_its_schema() -> None:
    compared = {name for name, _ in documented_serializers()}
    assert {name for name in SCHEMAS if name.endswith("Request")} <= compared != set()


def test_the_schema_is_served(api: APIClient) -> None:
    answer = api.get("/api/v1/schema/", {"format": "json"})
    assert answer.json()["openapi"].startswith("3.1")
    assert "/api/v1/users/" in answer.json()["paths"]


def test_an_id_in_a_path_is_a_number() -> None:
    parameters = DOCUMENT["paths"]["/api/v1/users/{id}/"]["get"]["parameters"]
    assert {"type": "integer", "minimum": 1} in [each["schema"] for each in parameters]


def test_every_operation_documents_its_problems() -> None:
    assert OPERATIONS
    for operation in OPERATIONS:
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}


def test_the_landing_page_leads_to_everything(api: APIClient, db: None) -> None:
    page = api.get("/").content.decode()
    for path in ("/api/v1/docs/", "/api/v1/redoc/", "/api/v1/schema/", "/health/ready"):
        assert f'href="{path}"' in page
        assert api.get(path).status_code == 200
