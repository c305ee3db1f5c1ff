"""ETags as clients send them back, after proxies have changed them."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.listings.models import Listing, Status
from apps.listings.services import archive
from apps.listings.tests.factories import ListingFactory, PhotoFactory
from apps.users.models import User
from apps.users.services import change_profile

LISTINGS = "/api/v2/listings/"


@pytest.fixture
def listing(user: User) -> Listing:
    """Return a published listing of `user`, with photos."""
    listing = PhotoFactory.create(listing__host=user).listing
    return Listing.objects.get(pk=listing.pk)


def rate(listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(rating_sum=5, rating_count=1)


def url(listing: Listing) -> str:
    return f"/api/v1/listings/{listing.pk}/"


def suffixed(suffix: str) -> Callable[[str], str]:
    """Return a function that appends a suffix to an ETag, as proxies that compress do."""
    return lambda etag: f'{etag[:-1]}{suffix}"'


# What a proxy may make of an ETag.
FORMS: dict[str, Callable[[str], str]] = {
    "unchanged": lambda etag: etag,
    "weak": lambda etag: etag if etag.startswith("W/") else f"W/{etag}",
    **{
        suffix: suffixed(suffix)
        for suffix in ("-gzip", "-zstd", "-br", ";gzip", "--gzip", "-gzip-zstd")
    },
    "weak with a suffix": lambda etag: f"W/{suffixed('-gzip')(etag.removeprefix('W/'))}",
    "in a list": lambda etag: f'"x", {suffixed("-zstd")(etag)}, W/"1-y"',
}


@pytest.mark.parametrize("form", FORMS)
def test_a_listing_that_was_read_through_a_proxy_can_be_updated(
    user_api: APIClient, listing: Listing, form: str
) -> None:
    etag = FORMS[form](user_api.get(url(listing))["ETag"])
    changed = user_api.patch(url(listing), {"price": 7}, headers={"If-Match": etag})
    assert changed.status_code == 200, changed.json()
    late = user_api.patch(url(listing), {"price": 8}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


@pytest.mark.parametrize(
    "tag", ['"{}"', 'W/"{}"', '"{}-gzip"', '"{}-zstd"', '"{}-br"', '"{}--gzip"', '"{};gzip"']
)
def test_if_match_needs_the_version_alone(user_api: APIClient, listing: Listing, tag: str) -> None:
    headers = {"If-Match": tag.replace("{}", str(listing.version))}
    assert user_api.patch(url(listing), {"price": 7}, headers=headers).status_code == 200


def test_a_listing_that_was_created_in_bulk_has_a_version(user_api: APIClient, user: User) -> None:
    (listing,) = Listing.objects.bulk_create([ListingFactory.build(host=user, status=Status.DRAFT)])
    etag = user_api.get(url(listing))["ETag"]
    assert etag.startswith('"0-')
    changed = user_api.patch(url(listing), {"price": 7}, headers={"If-Match": etag})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "tag",
    [
        *("1", "W/1", "gzip", '"', '""', 'w/"1"', '"*"', '*, "0"'),
        # Other spellings of the version.
        *('"01"', '"+1"', '"-1"', '" 1"', '"1 "', '"1.0"', '"1x"', '"1gzip"', '"1_0"', '"x-1"'),
        *('"\u00b9"', '"\xc2\xb2"', f'"{"0" * 5000}1"'),
        # Too many digits, and many tags.
        *(f'"{"1" * 11}"', f'"{"1" * 5000}"', f'W/"{"9" * 5000}-gzip"', "1" * 5000),
        ", ".join(f'"{number}"' for number in range(2, 1500)),
    ],
)
def test_an_etag_without_the_current_version_changes_nothing(
    user_api: APIClient, user: User, tag: str
) -> None:
    listing = ListingFactory.create(host=user)
    assert listing.version == 1
    for method in (user_api.patch, user_api.delete):
        rejected = method(url(listing), {"price": 7}, headers={"If-Match": tag})
        assert (rejected.status_code, rejected.json()["code"]) == (412, "precondition_failed")
    assert Listing.objects.get() == listing


@pytest.mark.parametrize("headers", [{}, {"If-Match": ""}, {"If-Match": " "}])
def test_a_change_without_if_match_is_rejected(
    user_api: APIClient, listing: Listing, headers: dict[str, str]
) -> None:
    rejected = user_api.patch(url(listing), {"price": 7}, headers=headers)
    assert (rejected.status_code, rejected.json()["code"]) == (428, "precondition_required")


@pytest.mark.parametrize("form", [*FORMS, "*"])
@pytest.mark.parametrize("where", ["detail", "list"])
def test_a_known_representation_is_not_modified_whatever_a_proxy_made_of_its_etag(
    user_api: APIClient, listing: Listing, form: str, where: str
) -> None:
    path = url(listing) if where == "detail" else LISTINGS
    first = user_api.get(path)
    tag = "*" if form == "*" else FORMS[form](first["ETag"])
    again = user_api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again[name] == first[name]


@pytest.mark.parametrize("where", ["detail", "list"])
def test_a_similar_etag_does_not_match(user_api: APIClient, listing: Listing, where: str) -> None:
    path = url(listing) if where == "detail" else LISTINGS
    etag = user_api.get(path)["ETag"]
    for tag in (suffixed("0")(etag), f'{etag[:-2]}"', f'"{listing.version}"', etag[:-1], '"x"'):
        assert user_api.get(path, headers={"If-None-Match": tag}).status_code == 200


# Changes of the representation of a listing. Some of them also change its version.
WRITES: dict[str, Callable[[Listing], Any]] = {
    "a rating": rate,
    "the name of the host": lambda listing: change_profile(user=listing.host, name="New"),
    "a new photo": lambda listing: PhotoFactory.create(listing=listing),
    "a deleted photo": lambda listing: listing.photos.latest("pk").delete(),
    "a caption": lambda listing: listing.photos.update(caption="New"),
    "its state": lambda listing: archive(listing=listing, user=listing.host, versions=None),
    "a query": lambda listing: Listing.objects.filter(pk=listing.pk).update(title="New"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_changed_representation_has_a_new_etag(
    user_api: APIClient, listing: Listing, write: str
) -> None:
    before = user_api.get(url(listing))
    WRITES[write](listing)
    after = user_api.get(url(listing), headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert (after["ETag"] != before["ETag"], after.json() != before.json()) == (True, True)


def test_a_rating_does_not_conflict_with_a_change(user_api: APIClient, listing: Listing) -> None:
    etag = user_api.get(url(listing))["ETag"]
    rate(listing)
    changed = user_api.patch(url(listing), {"price": 7}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["rating_count"]) == (200, 1)
    # A change and a read have the same response.
    read = user_api.get(url(listing))
    assert (changed["ETag"], changed.json()) == (read["ETag"], read.json())
