from typing import Any

import factory
from django.contrib.auth.models import Permission
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.users.models import User

PASSWORD = "swordfish-tea-lamp"


class UserFactory(DjangoModelFactory[User]):
    """A user who has confirmed the address and has PASSWORD."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"user{number}@example.com")
    name = factory.Faker("name")
    password = PASSWORD
    email_confirmed_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(*args, **kwargs)


def staff_with(*codenames: str) -> User:
    """Return a member of staff with these permissions."""
    staff = UserFactory.create(is_staff=True)
    for codename in codenames:
        staff.user_permissions.add(Permission.objects.get(codename=codename))
    return staff
