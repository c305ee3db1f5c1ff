from django.db import migrations

from apps.bookings import overlap_backend as server
from apps.rest.operations import run_sql_for_vendor

NAME = "bookings_booking_host_is_fixed"
# Django has no foreign keys of two columns. This one refuses another host for a listing with
# bookings, and a booking with another host than its listing.
CREATE_CONSTRAINT = f"""
    ALTER TABLE bookings_booking ADD CONSTRAINT {NAME}
    FOREIGN KEY (listing_id, host_id) REFERENCES listings_listing (id, host_id)
"""
DROP_CONSTRAINT = f"ALTER TABLE bookings_booking DROP CONSTRAINT {NAME}"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_nights"), ("listings", "0001_initial")]

    operations = [run_sql_for_vendor(server.VENDOR, [CREATE_CONSTRAINT], [DROP_CONSTRAINT])]
