"""Nights that only one booking can have: PostgreSQL enforces it by itself."""

VENDOR = "postgresql"
NAME = "bookings_booking_no_overlap"
# btree_gist may be installed by the owner of the database.
CREATE_CONSTRAINT = [
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    f"""
    ALTER TABLE bookings_booking ADD CONSTRAINT {NAME}
    EXCLUDE USING gist (listing_id WITH =, daterange(check_in, check_out) WITH &&)
    WHERE (state IN ('requested', 'confirmed', 'completed'))
    """,
]
DROP_CONSTRAINT = [f"ALTER TABLE bookings_booking DROP CONSTRAINT {NAME}"]
