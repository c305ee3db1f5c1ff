"""A low rating needs a reason"""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from rest_framework.test import APIClient

from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.reviews.models import Review
from apps.users.models import User


def write(rating: int, text: str) -> Review:
    booking = BookingFactory.create(state=State.COMPLETED)
    review = Review(booking=booking, listing=booking.listing, author=booking.guest)
    review.rating, review.text = 5, "Fine."
    review.save()
    # Past all Python code: the database alone decides.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reviews_review SET rating = %s, text = %s WHERE id = %s",
            [rating, text, review.pk],
        )
    return review


@pytest.mark.django_db
@pytest.mark.parametrize("rating", [1, 2])
def test_the_database_rejects_a_low_rating_without_a_text(rating: int) -> None:
    """The database rejects a review with 1 or 2 stars whose text is empty.

    Add a CheckConstraint to Review.Meta in apps/reviews/models.py: the rating is at least 3, or the
    text is not empty. Then run `uv run python manage.py makemigrations reviews`.
    """
    with pytest.raises(IntegrityError):
        write(rating, "")


@pytest.mark.django_db
@pytest.mark.parametrize(("rating", "text"), [(3, ""), (5, ""), (1, "Loud."), (2, "Cold.")])
def test_other_reviews_are_accepted(rating: int, text: str) -> None:
    """Every other review is accepted: 3 stars without a text, 1 star with one.

    The condition is a Q object. Combine two of them with | and negate one with ~.
    """
    write(rating, text)


def test_the_constraint_has_a_name_that_says_where_it_belongs() -> None:
    """The constraint stands in the model, under the name reviews_review_low_rating_has_text.

    The name is shown in each IntegrityError, and in the log: app, table, rule.
    """
    names = {constraint.name for constraint in Review._meta.constraints}  # noqa: SLF001
    assert "reviews_review_low_rating_has_text" in names


@pytest.mark.django_db
def test_the_migrations_are_complete() -> None:
    """The migrations say the same as the models.

    Run `uv run python manage.py makemigrations`, read what it writes, and commit it.
    """
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    except SystemExit:
        pytest.fail("makemigrations would write a migration")


@pytest.mark.django_db(transaction=True)
def test_reviews_that_exist_survive_the_migration() -> None:
    """Reviews that break the new rule and exist already survive the migration, with a text.

    With such rows, adding a constraint fails. A RunPython before AddConstraint gives them a text such
    as "No reason given.". Both may be in one migration here: in a large table they are two.
    """
    executor = MigrationExecutor(connection)
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "reviews"]
    assert leaves != [("reviews", "0001_initial")], "apps/reviews has no migration after 0001"
    executor.migrate([("reviews", "0001_initial")])
    try:
        booking = BookingFactory.create(state=State.COMPLETED)
        old: Any = executor.loader.project_state(("reviews", "0001_initial")).apps
        rows = old.get_model("reviews", "Review").objects
        row = rows.create(
            booking_id=booking.pk,
            listing_id=booking.listing_id,
            author_id=booking.guest_id,
            rating=1,
            text="",
        )
        MigrationExecutor(connection).migrate(leaves)
        review = Review.objects.get(pk=row.pk)
        assert review.rating == 1
        assert review.text.strip()
    finally:
        Review.objects.all().delete()
        MigrationExecutor(connection).migrate(leaves)


@pytest.mark.django_db
def test_a_client_is_told_which_field_is_missing(user: User, user_api: APIClient) -> None:
    """POST /bookings/{id}/review/ with 1 star and no text gets a 400 that points to the text.

    A violated constraint is a 500 unless something checks first. `validate` of ReviewSerializer in
    apps/reviews/api/serializers.py raises serializers.ValidationError({"text": ...}).
    """
    booking = BookingFactory.create(guest=user, state=State.COMPLETED)
    user_api.raise_request_exception = False
    for body in ({"rating": 1, "text": ""}, {"rating": 2}):
        response = user_api.post(f"/api/v1/bookings/{booking.pk}/review/", body)
        assert response.status_code == 400, f"the status is {response.status_code}"
        assert response.json()["errors"][0]["pointer"] == "#/text"
    good = user_api.post(f"/api/v1/bookings/{booking.pk}/review/", {"rating": 3})
    assert good.status_code == 201, f"3 stars without a text: the status is {good.status_code}"
