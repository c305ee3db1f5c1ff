from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("listings", "0002_search_indexes")]

    operations = [
        migrations.AddIndex(
            "listing",
            models.Index(
                fields=["status", "currency", "price", "id"], name="listings_listing_by_currency"
            ),
        ),
        migrations.RemoveIndex("listing", "listings_listing_by_price"),
    ]
