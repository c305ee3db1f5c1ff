from typing import Any

from django.db import migrations

from apps.listings.models import Amenity


def repair(apps: Any, schema_editor: Any) -> None:
    """Keep the known names of each list, and replace values that are no list by an empty one.

    Some could be written before AmenitiesField rejected them: the page of the listing then failed.
    """
    names = sorted(Amenity.values)
    for model in ("Listing", "HistoricalListing"):
        rows = apps.get_model("listings", model).objects
        repaired = {}
        for pk, value in rows.values_list("pk", "amenities").iterator():
            known = [name for name in names if isinstance(value, list) and name in value]
            if value != known:
                repaired[pk] = known
        for pk, known in repaired.items():
            rows.filter(pk=pk).update(amenities=known)


class Migration(migrations.Migration):
    dependencies = [("listings", "0003_prices_by_currency")]

    operations = [migrations.RunPython(repair, migrations.RunPython.noop)]
