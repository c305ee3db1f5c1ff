from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("listings", "0004_repair_amenities")]

    operations = [
        migrations.AlterModelOptions(
            "photo",
            {"ordering": ["position"], "verbose_name": "photo", "verbose_name_plural": "photos"},
        )
    ]
