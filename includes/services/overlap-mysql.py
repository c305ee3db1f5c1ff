"""Overlapping bookings: MySQL has no exclusion constraints, so only the lock in `book` prevents them."""

VENDOR = "mysql"
CONSTRAINT_NAME = "bookings_booking_no_overlap"
CREATE_CONSTRAINT: list[str] = []
DROP_CONSTRAINT: list[str] = []
