"""Example data of a marketplace, up to a million bookings: `manage.py seed --size large`."""

import time
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from apps.bookings.models import Booking, BookingTransition, terms_of
from apps.bookings.states import Role, State
from apps.listings.models import Amenity, Kind, Listing, Photo, Status
from apps.listings.querysets import photo_required
from apps.reviews.models import Review
from apps.users.management.commands import seed as users
from apps.users.models import User

# Numbers of listings. Each has its own host and BOOKINGS_PER_LISTING bookings.
SIZES = {"small": 20, "medium": 1_000, "large": 20_000}
BOOKINGS_PER_LISTING = 50
BATCH = 100  # listings in one transaction
CHECK_IN_INTERVAL = 14  # days between the check-ins of a listing: longer than any stay
CITIES = (
    ("Addis Ababa", "ET", 9.03, 38.74, "Africa/Addis_Ababa", "ETB", 250_000),
    ("Bahir Dar", "ET", 11.59, 37.39, "Africa/Addis_Ababa", "ETB", 180_000),
    ("Nairobi", "KE", -1.29, 36.82, "Africa/Nairobi", "KES", 650_000),
    ("Berlin", "DE", 52.52, 13.4, "Europe/Berlin", "EUR", 8_900),
    ("New York", "US", 40.71, -74.0, "America/New_York", "USD", 19_900),
)
ADJECTIVES = ("Bright", "Quiet", "Sunny", "Cosy", "Airy", "Old", "Green", "Lakeside")
NOUNS = ("cabin", "flat", "house", "loft", "studio", "room", "garden flat", "attic")


class Command(users.Command):
    help = "Create users, listings, bookings and reviews. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--size",
            choices=SIZES,
            default="small",
            help="small: 1,000 bookings; medium: 50,000; large: 1,000,000",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count = SIZES[options["size"]]
        super().handle(users=count)
        emails = [f"user{number}@example.com" for number in range(1, count + 1)]
        ids = dict(User.objects.filter(email__in=emails).values_list("email", "pk"))
        self.user_ids = [ids[email] for email in emails]
        self.now = timezone.now()
        started = time.monotonic()
        for first in range(0, count, BATCH):
            done = min(first + BATCH, count)
            self._batch(range(first, done))
            seconds = time.monotonic() - started
            self.stdout.write(f"{done:,} of {count:,} listings after {seconds:.0f} s")
        self.stdout.write(
            f"There are {Listing.objects.count():,} listings, {Booking.objects.count():,} bookings"
            f" and {Review.objects.count():,} reviews."
        )

    @photo_required()
    def _batch(self, numbers: range) -> None:
        """Create the listings of these users, with photos, bookings and reviews, unless they exist."""
        host_ids = [self.user_ids[number] for number in numbers]
        existing = set(Listing.objects.filter(host__in=host_ids).values_list("host", flat=True))
        missing = [number for number in numbers if self.user_ids[number] not in existing]
        listings = Listing.objects.bulk_create([self._listing(number) for number in missing])
        created = list(zip(missing, listings, strict=True))
        Photo.objects.bulk_create(
            Photo(
                listing=listing,
                url=f"https://img.example.com/{number}-{position}.jpg",
                position=position,
            )
            for number, listing in created
            for position in range(3)
        )
        bookings = Booking.objects.bulk_create(
            [
                self._booking(number, listing, turn)
                for number, listing in created
                for turn in range(BOOKINGS_PER_LISTING)
            ],
            batch_size=1000,
        )
        BookingTransition.objects.bulk_create(map(_last_transition, bookings), batch_size=1000)
        reviews = [
            _review(booking)
            for booking in bookings
            if booking.state == State.COMPLETED and booking.check_in.day % 2
        ]
        Review.objects.bulk_create(reviews, batch_size=1000)

    def _listing(self, number: int) -> Listing:
        random = Random(number)  # noqa: S311  # the same at each run
        city, country, latitude, longitude, zone, currency, price = CITIES[number % len(CITIES)]
        title = f"{random.choice(ADJECTIVES)} {random.choice(NOUNS)} in {city}"
        return Listing(
            host_id=self.user_ids[number],
            title=title,
            description=f"{title}, a walk from the centre.",
            kind=random.choice(Kind.values),
            street=f"Street {number % 90 + 1}",
            city=city,
            country=country,
            latitude=latitude + random.uniform(-0.1, 0.1),
            longitude=longitude + random.uniform(-0.1, 0.1),
            time_zone=zone,
            price=price * random.randint(40, 250) // 100,
            currency=currency,
            capacity=random.randint(1, 8),
            amenities=sorted(random.sample(Amenity.values, random.randint(0, 6))),
            status=Status.PUBLISHED if number % 20 else Status.ARCHIVED,
        )

    def _booking(self, number: int, listing: Listing, turn: int) -> Booking:
        random = Random(number * BOOKINGS_PER_LISTING + turn)  # noqa: S311  # the same at each run
        # The last stay of each listing begins today or later.
        ago = (BOOKINGS_PER_LISTING - 1 - turn) * CHECK_IN_INTERVAL - number % CHECK_IN_INTERVAL
        check_in = self.now.date() - timedelta(days=ago)
        nights = random.randint(1, CHECK_IN_INTERVAL - 1)
        check_out = check_in + timedelta(days=nights)
        guest = self.user_ids[
            (number + random.randint(1, len(self.user_ids) - 1)) % len(self.user_ids)
        ]
        requested_at = datetime(check_in.year, check_in.month, check_in.day, 12, tzinfo=UTC)
        requested_at -= timedelta(days=random.randint(2, 60))
        guests = random.randint(1, listing.capacity)
        state = self._state(random, check_in, check_out)
        if state == State.REQUESTED:
            requested_at = self.now  # An older request would be declined.
        return Booking(
            listing=listing,
            guest_id=guest,
            host_id=listing.host_id,
            check_in=check_in,
            check_out=check_out,
            guests=guests,
            nights=nights,
            total=listing.price * nights,
            state=state,
            created_at=min(requested_at, self.now),
            changed_at=min(requested_at, self.now),
            **terms_of(listing),
        )

    def _state(self, random: Random, check_in: date, check_out: date) -> State:
        if random.random() < 0.1:  # noqa: PLR2004  # one in ten
            return State.CANCELLED
        if check_out <= self.now.date():
            return State.COMPLETED
        is_pending = check_in > self.now.date() and random.random() < 0.3  # noqa: PLR2004
        return State.REQUESTED if is_pending else State.CONFIRMED


def _last_transition(booking: Booking) -> BookingTransition:
    """Return the transition to the current state of a booking."""
    transitions = {
        State.REQUESTED: ("", Role.GUEST),
        State.CONFIRMED: (State.REQUESTED, Role.HOST),
        State.CANCELLED: (State.CONFIRMED, Role.GUEST),
        State.COMPLETED: (State.CONFIRMED, Role.SYSTEM),
    }
    from_state, role = transitions[State(booking.state)]
    user = {Role.GUEST: booking.guest_id, Role.HOST: booking.host_id}.get(role)
    return BookingTransition(
        booking=booking,
        from_state=from_state,
        to_state=booking.state,
        role=role,
        user_id=user,
        created_at=booking.changed_at,
    )


def _review(booking: Booking) -> Review:
    return Review(
        booking=booking,
        listing_id=booking.listing_id,
        author_id=booking.guest_id,
        rating=5 - booking.nights % 3,
        text="As described.",
    )
