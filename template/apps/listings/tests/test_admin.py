from collections.abc import Callable
from typing import Any

import pytest
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse

from apps.bookings.models import BookingTransition
from apps.bookings.states import Role, State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import MAX_PHOTOS, Listing, Photo, Status
from apps.listings.tests.factories import ListingFactory, PhotoFactory, as_user


@pytest.mark.parametrize("model", ["listings_listing", "bookings_booking", "reviews_review"])
def test_the_admin_lists_and_searches(admin_client: Client, model: str) -> None:
    BookingFactory.create()
    assert admin_client.get(reverse(f"admin:{model}_changelist"), {"q": "x"}).status_code == 200


def submit(
    admin_client: Client,
    listing: Listing | None,
    *photos: dict[str, Any],
    meanwhile: Callable[[], Any] = lambda: None,
    **fields: Any,
) -> Any:
    """Submit the form of a listing, or of a new one, with these photos and changed fields."""
    view = "admin:listings_listing_change" if listing else "admin:listings_listing_add"
    page = admin_client.get(reverse(view, args=[listing.pk] if listing else []))
    form = page.context["adminform"].form
    sent = {each.name: each.initial for each in form if each.initial is not None}
    sent |= {
        "photos-TOTAL_FORMS": len(photos),
        "photos-INITIAL_FORMS": sum("id" in photo for photo in photos),
    }
    for number, photo in enumerate(photos):
        sent |= {f"photos-{number}-{name}": value for name, value in photo.items()}
    meanwhile()
    return admin_client.post(page.request["PATH_INFO"], sent | fields)


def inline(photo: Photo, **fields: Any) -> dict[str, Any]:
    """Return what the inline form of a photo submits."""
    return {
        "id": photo.pk,
        "listing": photo.listing_id,
        "url": photo.url,
        "position": photo.position,
    } | fields


NEW_PHOTO = {"url": "https://img.example.com/new.jpg", "position": 0}


def test_the_history_records_changes_in_the_admin(admin_client: Client) -> None:
    listing = PhotoFactory.create().listing
    response = submit(admin_client, listing, title="Changed")
    assert response.status_code == 302, response.content
    changed = Listing.objects.get()
    assert (changed.title, changed.version) == ("Changed", listing.version + 1)
    assert changed.history.latest().history_user.is_superuser


def patch(listing: Listing, **changes: Any) -> None:
    """Change the listing through the API, as its host."""
    where = f"/api/v1/listings/{listing.pk}/"
    response = as_user(listing.host).patch(where, changes, headers={"If-Match": "*"})
    assert response.status_code == 200, response.json()


CHANGES: dict[str, Callable[[Client, Listing], Any]] = {
    "title and price": lambda _, listing: patch(listing, title="New", price=1),
    "photos": lambda _, listing: patch(listing, photos=[{"url": NEW_PHOTO["url"]}]),
    "caption": lambda client, listing: submit(
        client, listing, inline(listing.photos.get(), caption="New")
    ),
    "amenities": lambda _, listing: patch(listing, amenities=["pool"]),
    "update": lambda _, listing: Listing.objects.update(price=1),
    "archiving": lambda _, listing: as_user(listing.host).post(
        f"/api/v1/listings/{listing.pk}/archive/", headers={"If-Match": "*"}
    ),
    "other staff": lambda client, listing: submit(client, listing, description="New"),
}


def contents(listing: Listing) -> list[Any]:
    rows = [*Listing.objects.filter(pk=listing.pk), *Photo.objects.all()]
    return [model_to_dict(row) for row in rows]


@pytest.mark.parametrize("name", CHANGES)
def test_an_admin_form_opened_before_a_change_of_the_listing_is_rejected(
    admin_client: Client, name: str
) -> None:
    listing = ListingFactory.create()
    photo = inline(listing.photos.get())
    after: list[Any] = []

    def meanwhile() -> None:
        CHANGES[name](admin_client, listing)
        after.extend(contents(listing))

    response = submit(admin_client, listing, photo, meanwhile=meanwhile, city="Gondar")
    assert "has changed since you opened the page" in response.content.decode()
    assert contents(listing) == after


def test_a_new_rating_does_not_outdate_an_admin_form(admin_client: Client) -> None:
    listing = ListingFactory.create()
    photo = inline(listing.photos.get())

    def rate() -> None:
        Listing.objects.update(rating_sum=5, rating_count=1)

    assert submit(admin_client, listing, photo, meanwhile=rate, city="Gondar").status_code == 302
    changed = Listing.objects.get()
    assert (changed.city, changed.rating) == ("Gondar", 5.0)


@pytest.mark.parametrize("field", ["title", "city", "street", "description", "caption"])
def test_the_admin_rejects_control_characters(admin_client: Client, field: str) -> None:
    listing = ListingFactory.create()
    photo = inline(listing.photos.get(), **{field: "a\u202e\x0bb"})
    fields: dict[str, Any] = {} if field == "caption" else {field: "a\u202e\x0bb"}
    response = submit(admin_client, listing, photo, **fields)
    assert b"control characters" in response.content


def test_the_admin_cannot_delete_the_last_photo_of_a_published_listing(
    admin_client: Client,
) -> None:
    photo = ListingFactory.create().photos.get()
    response = submit(admin_client, photo.listing, inline(photo, DELETE="on"), title="Changed")
    assert "A published listing needs a photo." in response.content.decode()
    added_and_deleted = {**NEW_PHOTO, "DELETE": "on"}
    assert submit(
        admin_client, photo.listing, inline(photo, DELETE="on"), added_and_deleted
    ).context["errors"]
    assert Listing.objects.get(title=photo.listing.title).photos.get() == photo


def test_the_admin_cannot_publish_a_listing_without_a_photo(admin_client: Client) -> None:
    draft = ListingFactory.create(status=Status.DRAFT)
    assert submit(admin_client, draft, status="published").context["errors"]
    assert submit(admin_client, None, **NEW_LISTING, host=draft.host_id).context["errors"]
    assert not Listing.objects.filter(status=Status.PUBLISHED).exists()


NEW_LISTING: dict[str, Any] = {
    "title": "Hut",
    "kind": "home",
    "city": "Gondar",
    "country": "ET",
    "latitude": 12.6,
    "longitude": 37.5,
    "time_zone": "Africa/Addis_Ababa",
    "price": 100,
    "currency": "ETB",
    "capacity": 1,
    "status": "published",
}


def test_the_admin_publishes_a_listing_together_with_a_photo(admin_client: Client) -> None:
    draft = ListingFactory.create(status=Status.DRAFT)
    assert submit(admin_client, draft, NEW_PHOTO, status="published").status_code == 302
    assert (
        submit(admin_client, None, NEW_PHOTO, **NEW_LISTING, host=draft.host_id).status_code == 302
    )
    assert Listing.objects.filter(status=Status.PUBLISHED).count() == 2


def test_the_admin_replaces_the_only_photo(admin_client: Client) -> None:
    photo = ListingFactory.create().photos.get()
    response = submit(admin_client, photo.listing, inline(photo, DELETE="on"), NEW_PHOTO)
    assert response.status_code == 302, response.context["errors"]
    assert photo.listing.photos.get().url == NEW_PHOTO["url"]


def test_the_admin_archives_a_listing_and_deletes_its_photo_together(admin_client: Client) -> None:
    photo = ListingFactory.create().photos.get()
    response = submit(admin_client, photo.listing, inline(photo, DELETE="on"), status="archived")
    assert response.status_code == 302, response.context["errors"]
    assert not Photo.objects.exists()


@pytest.mark.parametrize("status", Status)
def test_the_admin_deletes_only_drafts(admin_client: Client, status: Status) -> None:
    listing = ListingFactory.create(status=status)
    delete_url = reverse("admin:listings_listing_delete", args=[listing.pk])
    admin_client.post(
        reverse("admin:listings_listing_changelist"),
        {"action": "delete_selected", "_selected_action": listing.pk, "post": "yes"},
    )
    assert Listing.objects.exists() is (status != Status.DRAFT)
    if status != Status.DRAFT:
        assert admin_client.post(delete_url, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("has_photo", [True, False])
def test_the_admin_restores_an_old_version_only_with_a_photo(
    admin_client: Client, *, has_photo: bool
) -> None:
    listing = ListingFactory.create(title="Old")
    listing.title, listing.status = "New", Status.ARCHIVED
    listing.save()
    if not has_photo:
        listing.photos.all().delete()
    where = [listing.pk, listing.history.earliest().pk]
    page = admin_client.get(reverse("admin:listings_listing_simple_history", args=where))
    sent = {each.name: each.initial for each in page.context["adminform"].form}
    Listing.objects.update(price=2)
    assert "has changed" in admin_client.post(page.request["PATH_INFO"], sent).content.decode()
    page = admin_client.get(page.request["PATH_INFO"])
    sent = {each.name: each.initial for each in page.context["adminform"].form}
    response = admin_client.post(page.request["PATH_INFO"], sent, follow=True)
    (message,) = response.context["messages"]
    assert ("needs a photo" in str(message)) is not has_photo
    listing.refresh_from_db()
    assert listing.title == ("Old" if has_photo else "New")
    assert listing.status == (Status.PUBLISHED if has_photo else Status.ARCHIVED)


@pytest.mark.parametrize("amenities", ["butler", ["wifi", "butler"], "[]", "null"])
def test_the_admin_accepts_the_same_amenities_as_the_api(
    admin_client: Client, amenities: Any
) -> None:
    listing = ListingFactory.create()
    assert submit(admin_client, listing, amenities=amenities).context["errors"]
    assert submit(admin_client, listing, amenities=["wifi", "pool", "wifi"]).status_code == 302
    assert Listing.objects.get().amenities == ["pool", "wifi"]
    assert submit(admin_client, listing, amenities=[]).status_code == 302
    assert Listing.objects.get().amenities == []


def test_the_admin_limits_photos_as_the_api_does(admin_client: Client) -> None:
    listing = ListingFactory.create(status=Status.DRAFT)
    photos = [{**NEW_PHOTO, "position": number} for number in range(MAX_PHOTOS + 1)]
    assert submit(admin_client, listing, *photos).context["errors"]
    assert submit(admin_client, listing, *photos[:MAX_PHOTOS]).status_code == 302


def test_the_admin_shows_the_transitions_of_a_booking_read_only(admin_client: Client) -> None:
    booking = BookingFactory.create()
    BookingTransition.objects.create(
        booking=booking,
        from_state=State.REQUESTED,
        to_state=State.CONFIRMED,
        role=Role.HOST,
        created_at=booking.changed_at,
    )
    where = reverse("admin:bookings_booking_change", args=[booking.pk])
    assert "requested → confirmed" in admin_client.get(where).content.decode()
    assert admin_client.post(where, {"state": "declined"}).status_code == 403
    assert admin_client.post(where.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse("admin:bookings_booking_add")).status_code == 403
