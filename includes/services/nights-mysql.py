"""No double bookings: MySQL has no exclusion constraint, so the row lock alone prevents them."""

VENDOR = "mysql"
NAME = "bookings_booking_no_overlap"
CREATE_CONSTRAINT: list[str] = []
DROP_CONSTRAINT: list[str] = []
