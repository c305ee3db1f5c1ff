"""Nights that only one booking can have: MySQL has no such constraint, so the lock must do."""

VENDOR = "mysql"
NAME = "bookings_booking_no_overlap"
CREATE_CONSTRAINT: list[str] = []
DROP_CONSTRAINT: list[str] = []
