import pytest
from django.test import Client
from django.urls import reverse

from apps.bookings.models import Step
from apps.bookings.states import Role, State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Listing
from apps.listings.tests.factories import PhotoFactory
from apps.users.tests.factories import UserFactory


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", ["listings_listing", "bookings_booking", "reviews_review"])
def test_the_admin_lists_it(admin: Client, model: str) -> None:
    BookingFactory.create()
    assert admin.get(reverse(f"admin:{model}_changelist"), {"q": "x"}).status_code == 200


def test_the_history_tells_what_the_admin_has_changed(admin: Client) -> None:
    photo = PhotoFactory.create()
    listing = photo.listing
    page = admin.get(reverse("admin:listings_listing_change", args=[listing.pk]))
    form = page.context["adminform"].form
    fields = {name: form.initial.get(name) for name in form.fields} | {
        "title": "Changed",
        "amenities": "[]",
        "photos-TOTAL_FORMS": 0,
        "photos-INITIAL_FORMS": 0,
    }
    answer = admin.post(page.request["PATH_INFO"], fields)
    assert answer.status_code == 302, answer.content
    changed = Listing.objects.get()
    assert (changed.title, changed.version) == ("Changed", listing.version + 1)
    assert changed.history.latest().history_user.is_superuser


def test_the_admin_shows_how_a_booking_came_to_where_it_is(admin: Client) -> None:
    booking = BookingFactory.create()
    Step.objects.create(
        booking=booking,
        before=State.REQUESTED,
        after=State.CONFIRMED,
        role=Role.HOST,
        at=booking.changed_at,
    )
    where = reverse("admin:bookings_booking_change", args=[booking.pk])
    assert "requested → confirmed" in admin.get(where).content.decode()
    assert admin.post(where, {"state": "declined"}).status_code == 403
    assert admin.post(where.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert admin.get(reverse("admin:bookings_booking_add")).status_code == 403
