"""Validators, as clients send them back, and as proxies hand them on."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.listings.models import Listing, Status
from apps.listings.services import archive
from apps.listings.tests.factories import ListingFactory, PhotoFactory
from apps.users.models import User
from apps.users.services import change_profile

LISTS = "/api/v2/listings/"


@pytest.fixture
def own(user: User) -> Listing:
    """Return a published listing of `user`, with two photos."""
    listing = PhotoFactory.create(listing__host=user).listing
    PhotoFactory.create(listing=listing)
    return Listing.objects.get(pk=listing.pk)


def rate(listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(rating_sum=5, rating_count=1)


def address(listing: Listing) -> str:
    return f"/api/v1/listings/{listing.pk}/"


def added(word: str) -> Callable[[str], str]:
    """Return what adds a word at the end of an ETag, as proxies do that compress."""
    return lambda etag: f'{etag[:-1]}{word}"'


# What a client may hold of an answer that went through a proxy.
FORMS: dict[str, Callable[[str], str]] = {
    "as it was": lambda etag: etag,
    "weak": lambda etag: etag if etag.startswith("W/") else f"W/{etag}",
    **{word: added(word) for word in ("-gzip", "-zstd", "-br", ";gzip", "--gzip", "-gzip-zstd")},
    "weak and with a word": lambda etag: f"W/{added('-gzip')(etag.removeprefix('W/'))}",
    "in a list": lambda etag: f'"x", {added("-zstd")(etag)}, W/"1-y"',
}


@pytest.mark.parametrize("form", FORMS)
def test_whoever_has_read_it_through_a_proxy_may_change_it(
    user_api: APIClient, own: Listing, form: str
) -> None:
    etag = FORMS[form](user_api.get(address(own))["ETag"])
    changed = user_api.patch(address(own), {"price": 7}, headers={"If-Match": etag})
    assert changed.status_code == 200, changed.json()
    late = user_api.patch(address(own), {"price": 8}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


@pytest.mark.parametrize(
    "tag", ['"{}"', 'W/"{}"', '"{}-gzip"', '"{}-zstd"', '"{}-br"', '"{}--gzip"', '"{};gzip"']
)
def test_the_version_is_all_that_a_change_needs(
    user_api: APIClient, own: Listing, tag: str
) -> None:
    headers = {"If-Match": tag.replace("{}", str(own.version))}
    assert user_api.patch(address(own), {"price": 7}, headers=headers).status_code == 200


def test_the_first_version_of_what_was_created_in_bulk_is_one(
    user_api: APIClient, user: User
) -> None:
    (listing,) = Listing.objects.bulk_create([ListingFactory.build(host=user, status=Status.DRAFT)])
    etag = user_api.get(address(listing))["ETag"]
    assert etag.startswith('"0-')
    changed = user_api.patch(address(listing), {"price": 7}, headers={"If-Match": etag})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "tag",
    [
        "1",
        "W/1",
        "gzip",
        '"',
        '""',
        '"01"',
        '"+1"',
        '"-1"',
        '" 1"',
        '"1 "',
        '"1.0"',
        '"1x"',
        '"1gzip"',
        '"1_0"',
        '"x-1"',
        'w/"1"',
        '"*"',
        '*, "0"',
        '"\u00b9"',
        '"\xc2\xb2"',
        f'"{"1" * 11}"',
        f'"{"1" * 5000}"',
        f'"{"0" * 5000}1"',
        f'W/"{"9" * 5000}-gzip"',
        "1" * 5000,
        ", ".join(f'"{number}"' for number in range(2, 1500)),
    ],
)
def test_what_names_no_version_or_another_one_changes_nothing(
    user_api: APIClient, user: User, tag: str
) -> None:
    listing = ListingFactory.create(host=user)
    assert listing.version == 1
    for method in (user_api.patch, user_api.delete):
        refused = method(address(listing), {"price": 7}, headers={"If-Match": tag})
        assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert Listing.objects.get() == listing


@pytest.mark.parametrize("headers", [{}, {"If-Match": ""}, {"If-Match": " "}])
def test_without_a_tag_nothing_is_changed(
    user_api: APIClient, own: Listing, headers: dict[str, str]
) -> None:
    refused = user_api.patch(address(own), {"price": 7}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (428, "precondition_required")


@pytest.mark.parametrize("form", [*FORMS, "*"])
@pytest.mark.parametrize("where", ["detail", "list"])
def test_what_is_known_is_not_sent_again_whatever_a_proxy_made_of_its_tag(
    user_api: APIClient, own: Listing, form: str, where: str
) -> None:
    path = address(own) if where == "detail" else LISTS
    first = user_api.get(path)
    tag = "*" if form == "*" else FORMS[form](first["ETag"])
    again = user_api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again[name] == first[name]


@pytest.mark.parametrize("where", ["detail", "list"])
def test_a_tag_that_only_looks_alike_is_not_known(
    user_api: APIClient, own: Listing, where: str
) -> None:
    path = address(own) if where == "detail" else LISTS
    etag = user_api.get(path)["ETag"]
    for tag in (added("0")(etag), f'{etag[:-2]}"', f'"{own.version}"', f"{etag[:-1]}", '"x"'):
        assert user_api.get(path, headers={"If-None-Match": tag}).status_code == 200


# Everything that changes what is shown of a listing, past its version or not.
WAYS: dict[str, Callable[[Listing], Any]] = {
    "a rating": rate,
    "the name of the host": lambda listing: change_profile(user=listing.host, name="New"),
    "a photo more": lambda listing: PhotoFactory.create(listing=listing),
    "a photo less": lambda listing: listing.photos.latest("pk").delete(),
    "a caption": lambda listing: listing.photos.update(caption="New"),
    "its state": lambda listing: archive(listing=listing, user=listing.host, versions=None),
    "a query": lambda listing: Listing.objects.filter(pk=listing.pk).update(title="New"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_shows_something_else_has_another_tag(
    user_api: APIClient, own: Listing, way: str
) -> None:
    before = user_api.get(address(own))
    WAYS[way](own)
    after = user_api.get(address(own), headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert (after["ETag"] != before["ETag"], after.json() != before.json()) == (True, True)


def test_a_rating_does_not_stand_in_the_way_of_a_change(user_api: APIClient, own: Listing) -> None:
    etag = user_api.get(address(own))["ETag"]
    rate(own)
    changed = user_api.patch(address(own), {"price": 7}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["rating_count"]) == (200, 1)
    # What a change answers is what a read answers.
    read = user_api.get(address(own))
    assert (changed["ETag"], changed.json()) == (read["ETag"], read.json())
