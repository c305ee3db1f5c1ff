from django.db import migrations

from apps.listings import search_backend
from apps.rest.operations import run_sql_for_vendor


class Migration(migrations.Migration):
    dependencies = [("listings", "0001_initial")]

    operations = [
        run_sql_for_vendor(
            search_backend.VENDOR, search_backend.CREATE_INDEXES, search_backend.DROP_INDEXES
        )
    ]
