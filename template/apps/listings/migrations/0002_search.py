from django.db import migrations

from apps.listings import search_server as server
from apps.rest.operations import sql_on


class Migration(migrations.Migration):
    dependencies = [("listings", "0001_initial")]

    operations = [sql_on(server.VENDOR, server.CREATE_INDEXES, server.DROP_INDEXES)]
