"""Overlapping bookings: an exclusion constraint of PostgreSQL rejects them."""

VENDOR = "postgresql"
CONSTRAINT_NAME = "bookings_booking_no_overlap"
# btree_gist is a trusted extension: the owner of the database may install it.
CREATE_CONSTRAINT = [
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    f"""
    ALTER TABLE bookings_booking ADD CONSTRAINT {CONSTRAINT_NAME}
    EXCLUDE USING gist (listing_id WITH =, daterange(check_in, check_out) WITH &&)
    WHERE (state IN ('requested', 'confirmed', 'completed'))
    """,
]
DROP_CONSTRAINT = [f"ALTER TABLE bookings_booking DROP CONSTRAINT {CONSTRAINT_NAME}"]
