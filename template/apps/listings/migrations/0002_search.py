from django.db import migrations

from apps.listings import search_backend as server
from apps.rest.operations import run_sql_for_vendor


class Migration(migrations.Migration):
    dependencies = [("listings", "0001_initial")]

    operations = [run_sql_for_vendor(server.VENDOR, server.CREATE_INDEXES, server.DROP_INDEXES)]
