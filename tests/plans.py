"""Reads the query plans of every list of a marketplace, run by its own Python in its own folder.

Fills a scratch database with a million rows a table, asks each list for its pages, and has the
database explain every query that this takes. Prints a JSON document: the server, the lists that
the OpenAPI document names, and for each question its queries with what they read.
"""

import json
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from apps.bookings.models import Booking  # noqa: E402
from apps.listings.api.lists import PublicListView  # noqa: E402
from apps.listings.models import Listing, Photo  # noqa: E402
from apps.listings.querysets import photo_required  # noqa: E402
from apps.listings.tests.factories import ListingFactory  # noqa: E402
from apps.messaging.models import Message  # noqa: E402
from apps.reviews.models import Review  # noqa: E402
from apps.users.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from drf_spectacular.generators import SchemaGenerator  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

BASE = 1_000
DOUBLINGS = 10
FIRST_DAY = date(2030, 1, 1)
# Page 10,000 begins after so many rows.
DEEP = 9_999 * 25
# What differs between a row and its copy, beside the primary key; {n} is how far they are apart.
COPIES: dict[type[Any], dict[str, str]] = {
    User: {"email": "CONCAT('user', id + {n}, '@example.com')"},
    Listing: {"price": "price + MOD(id, 1000)"},
    Photo: {"listing_id": "listing_id + {n}"},
    Booking: {"listing_id": "listing_id + {n}"},
    Message: {},
    Review: {"booking_id": "booking_id + {n}"},
}


def options_of(model: type[Any]) -> Any:
    return model._meta  # noqa: SLF001  # Django's documented API


def table_of(model: type[Any]) -> str:
    return str(options_of(model).db_table)


TABLES = set(map(table_of, COPIES))


def fill() -> None:
    """Write a thousand rows of each kind, and double them ten times."""
    User.objects.bulk_create(
        User(pk=number, email=f"user{number}@example.com", name=f"User {number}")
        for number in range(1, BASE + 1)
    )
    with photo_required():
        Listing.objects.bulk_create(
            ListingFactory.build(
                pk=number,
                host=None,
                host_id=number,
                title=f"House {number} {'by the lake' if number == 7 else ''}",
                city=f"City {number % 100}",
                price=1000 + number,
                currency="USD" if number % 2 else "EUR",
                amenities=["pool", "step_free"] if number == 7 else ["kitchen", "wifi"],
            )
            for number in range(1, BASE + 1)
        )
        Photo.objects.bulk_create(
            Photo(pk=number, listing_id=number, url="https://img.example.com/1.jpg", position=0)
            for number in range(1, BASE + 1)
        )
    now = timezone.now()
    Booking.objects.bulk_create(
        Booking(
            pk=number,
            listing_id=number,
            guest_id=BASE + 1 - number,
            host_id=number,
            check_in=FIRST_DAY + timedelta(days=number % 365),
            check_out=FIRST_DAY + timedelta(days=number % 365 + 3),
            guests=1,
            nights=3,
            title=f"House {number}",
            city=f"City {number % 100}",
            country="ET",
            time_zone="Africa/Addis_Ababa",
            price=1000,
            total=3000,
            currency="ETB",
            created_at=now,
            changed_at=now,
        )
        for number in range(1, BASE + 1)
    )
    Message.objects.bulk_create(
        Message(pk=number, booking_id=number, sender_id=number, text="When do you arrive?")
        for number in range(1, BASE + 1)
    )
    # Bypass ReviewQuerySet: the stays are not completed.
    QuerySet.bulk_create(
        Review.objects.all(),
        [
            Review(pk=number, booking_id=number, listing_id=number, author_id=number, rating=4)
            for number in range(1, BASE + 1)
        ],
    )
    with unchecked():
        for doubling in range(DOUBLINGS):
            for model, changed in COPIES.items():
                double(model, changed, BASE * 2**doubling)
    with connection.cursor() as cursor:
        for table in TABLES:
            analyze = "VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE TABLE"
            cursor.execute(f"{analyze} {table}")


@contextmanager
def unchecked() -> Iterator[None]:
    """Check no foreign keys of the copies of right rows, and index them at once, in half the time."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SET foreign_key_checks = 0, unique_checks = 0")
            yield
            return
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
            " format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,"
            " pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype = 'x'"
            " UNION ALL SELECT format('DROP INDEX %I', indexname), indexdef FROM pg_indexes"
            " WHERE schemaname = 'public'"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        statements = cursor.fetchall()
        for drop, _ in statements:
            cursor.execute(drop)
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _, create in statements:
            cursor.execute(create)


def double(model: type[Any], changed: dict[str, str], rows: int) -> None:
    columns = [field.column for field in options_of(model).concrete_fields]
    values = {"id": f"id + {rows}"} | {name: text.format(n=rows) for name, text in changed.items()}
    quoted = ", ".join(map(connection.ops.quote_name, columns))
    selected = ", ".join(values.get(name, connection.ops.quote_name(name)) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table_of(model)} ({quoted})"  # noqa: S608  # our own names
            f" SELECT {selected} FROM {table_of(model)} WHERE id <= {rows}"
        )


def questions() -> dict[str, list[str]]:
    """Return what to ask of each list; of each answer the next page is asked for, too."""
    usd = "?currency=USD&"
    listings = ["", f"{usd}ordering=price", f"{usd}ordering=-price", "?city=City+7"]
    listings += ["?amenity=pool", "?q=lake", "?currency=EUR", f"{usd}guests=2&price_min=1500"]
    listings += [f"{usd}price_max=1010&ordering=price", f"{usd}price_min=1500&ordering=-price"]
    listings += ["?check_in=2030-03-01&check_out=2030-03-04"]
    return {
        "/api/v1/listings/": listings,
        "/api/v2/listings/": [*listings, *map(deep, PublicListView.orderings)],
        "/api/v1/users/me/listings/": [""],
        "/api/v1/bookings/": ["", "?role=host"],
        "/api/v1/bookings/{id}/messages/": [""],
        "/api/v1/listings/{id}/reviews/": [""],
        "/api/v1/users/": [""],
    }


def deep(name: str) -> str:
    """Return what to ask of the public list for its page 10,000 in one of its orders."""
    order = PublicListView.orderings[name]
    signs = [f"-{column}" if order.descending else column for column in order.columns]
    filters = {order.within: "USD"} if order.within else {}
    rows = Listing.objects.filter(**filters).order_by(*signs).values_list(*order.columns)
    place = json.dumps([name, False, *filters.values(), *rows[DEEP - 1]], separators=(",", ":"))
    cursor = urlsafe_b64encode(place.encode()).decode()
    return f"?{urlencode({'ordering': name, 'cursor': cursor.rstrip('=')} | filters)}"


def lists() -> list[str]:
    """Return the paths whose answers come in pages, as the OpenAPI document has them."""
    found = []
    for version in ("v1", "v2"):
        schema = SchemaGenerator(api_version=version).get_schema(request=None, public=True)
        for path, operations in schema["paths"].items():
            names = {each["name"] for each in operations.get("get", {}).get("parameters", [])}
            # A user has few API keys: API_KEY_MAX_ACTIVE.
            if names & {"cursor", "page"} and not path.endswith("/api-keys/"):
                found.append(path)
    return sorted(set(found))


def ask(client: APIClient, address: str) -> tuple[list[str], str | None]:
    """Return the queries that an answer takes, and where the next page is."""
    with CaptureQueriesContext(connection) as context:
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.content)
    return [query["sql"] for query in context], answer.json().get("next")


def explain(sql: str) -> dict[str, Any]:
    """Return the large tables that a query reads from end to end, and how many rows it reads."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            (plan,) = cursor.fetchone()
            nodes = list(walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
            scans = [node for node in nodes if "Relation Name" in node]
            whole = {node["Relation Name"] for node in scans if node["Node Type"] == "Seq Scan"}
            indexes = {node["Index Name"] for node in nodes if "Index Name" in node}
            read = sum(
                (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
                for node in scans
            )
        else:
            cursor.execute(f"EXPLAIN FORMAT=TRADITIONAL {sql}")
            names = [column[0] for column in cursor.description]
            steps = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            whole = {step["table"] for step in steps if step["type"] == "ALL"}
            indexes = {step["key"] for step in steps if step["key"]}
            # What is estimated there is far off; what is counted while the query runs is not.
            cursor.execute("FLUSH STATUS")
            cursor.execute(sql)
            cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
            read = sum(int(count) for _, count in cursor.fetchall())
    return {"sql": sql, "whole": sorted(whole & TABLES), "indexes": sorted(indexes), "read": read}


def server() -> str:
    """Return the name and the version of the database server."""
    return f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"


def walk(plan: dict[str, Any]) -> Any:
    yield plan
    for child in plan.get("Plans", ()):
        yield from walk(child)


def main() -> dict[str, Any]:
    started = time.monotonic()
    fill()
    print(f"filled in {time.monotonic() - started:.0f} s", file=sys.stderr)
    client = APIClient(HTTP_HOST="localhost")
    asker = User.objects.get(pk=BASE // 2)
    asker.is_staff = asker.is_superuser = True
    asker.save()
    client.force_authenticate(asker)
    found: dict[str, list[dict[str, Any]]] = {}
    wanted = questions()
    for path, tails in wanted.items():
        for tail in tails:
            address: str | None = path.replace("{id}", "500") + tail
            for page in (1, 2):
                if address:
                    queries, address = ask(client, address)
                    found[f"{path}{tail} page {page}"] = [explain(sql) for sql in queries]
    return {"server": server(), "lists": lists(), "asked": list(wanted), "questions": found}


if __name__ == "__main__":
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        print(json.dumps(main()))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
