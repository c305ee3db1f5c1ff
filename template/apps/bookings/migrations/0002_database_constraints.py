from django.db import migrations

from apps.bookings import overlap_backend
from apps.rest.operations import run_sql_for_vendor

# A composite foreign key, which Django does not support. It rejects a new host for a listing with
# bookings, and a booking whose host is not the host of its listing.
HOST_IS_FIXED = "bookings_booking_host_is_fixed"
CREATE_FOREIGN_KEY = f"""
    ALTER TABLE bookings_booking ADD CONSTRAINT {HOST_IS_FIXED}
    FOREIGN KEY (listing_id, host_id) REFERENCES listings_listing (id, host_id)
"""
DROP_FOREIGN_KEY = f"ALTER TABLE bookings_booking DROP CONSTRAINT {HOST_IS_FIXED}"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]

    operations = [
        run_sql_for_vendor(
            overlap_backend.VENDOR,
            [*overlap_backend.CREATE_CONSTRAINT, CREATE_FOREIGN_KEY],
            [DROP_FOREIGN_KEY, *overlap_backend.DROP_CONSTRAINT],
        )
    ]
