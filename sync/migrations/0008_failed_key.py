"""The failed records of a key that are closed: a record's lineage, and what a person mended."""

from pathlib import Path

from django.db import migrations

INDEX = (Path(__file__).parent / "0008_failed_key.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0007_mapping")]

    operations = [migrations.RunSQL(INDEX, reverse_sql="DROP INDEX failed_key")]
