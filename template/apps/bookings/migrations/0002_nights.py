from django.db import migrations

from apps.bookings import overlap_backend as server
from apps.rest.operations import run_sql_for_vendor


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]

    operations = [
        run_sql_for_vendor(server.VENDOR, server.CREATE_CONSTRAINT, server.DROP_CONSTRAINT)
    ]
