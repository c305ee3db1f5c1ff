from django.db import migrations

from apps.bookings import nights_server as server
from apps.rest.operations import sql_on


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]

    operations = [sql_on(server.VENDOR, server.CREATE_CONSTRAINT, server.DROP_CONSTRAINT)]
