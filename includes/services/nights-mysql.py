"""Nights that only one booking can have: MySQL has no such constraint, so the lock must do."""

VENDOR = "mysql"
NAME = "bookings_booking_nights_are_free"
CREATE_CONSTRAINT: list[str] = []
DROP_CONSTRAINT: list[str] = []
