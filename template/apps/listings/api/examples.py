"""Examples in the OpenAPI document."""

from typing import Any

DRAFT: dict[str, Any] = {
    "title": "Quiet loft in Bahir Dar",
    "description": "A short walk from the lake.",
    "kind": "home",
    "street": "Street 7",
    "city": "Bahir Dar",
    "country": "ET",
    "latitude": 11.59,
    "longitude": 37.39,
    "time_zone": "Africa/Addis_Ababa",
    "price": 180_000,
    "currency": "ETB",
    "capacity": 4,
    "amenities": ["kitchen", "wifi"],
    "photos": [{"url": "https://img.example.com/loft.jpg", "caption": "The lake"}],
}
LISTING = DRAFT | {
    "id": 2,
    "status": "draft",
    "rating": None,
    "rating_count": 0,
    "host": {"id": 5, "name": "Alem"},
    "version": 1,
    "created_at": "2026-11-25T09:30:00Z",
    "updated_at": "2026-11-25T09:30:00Z",
}
PUBLIC_LISTING = {name: value for name, value in LISTING.items() if name != "street"}
NOT_IN_CARDS = {
    "description",
    "street",
    "time_zone",
    "photos",
    "status",
    "version",
    "created_at",
    "updated_at",
}
CARD = {name: value for name, value in LISTING.items() if name not in NOT_IN_CARDS} | {
    "rating": 4.5,
    "rating_count": 12,
    "cover": "https://img.example.com/loft.jpg",
}
CARD_V2 = {name: value for name, value in CARD.items() if name != "currency"} | {
    "price": {"amount": 180_000, "currency": "ETB"}
}
