from collections.abc import Iterator
from datetime import UTC, datetime
from unittest import mock

import pytest

from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory

NOW = datetime(2030, 4, 30, 21, 30, tzinfo=UTC)  # 1 May, 00:30 in Addis Ababa


@pytest.fixture
def now() -> Iterator[mock.Mock]:
    """Set the clock of the services to NOW. A test may set a different `return_value`."""
    with mock.patch("apps.bookings.services.timezone.now", return_value=NOW) as clock:
        yield clock


@pytest.fixture
def listing(db: None) -> Listing:
    listing = ListingFactory.create(price=1999, currency="EUR", title="Quiet loft")
    return Listing.objects.get(pk=listing.pk)
