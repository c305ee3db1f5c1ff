from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_database_constraints")]

    operations = [
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["guest", "state"], name="bookings_booking_guest_state"),
        )
    ]
