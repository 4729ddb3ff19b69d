"""No statistics of the arrays of the feed: nothing is planned by them, and ANALYZE looks at each of their values."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("sync", "0032_plans")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE change ALTER keys SET STATISTICS 0, ALTER revisions SET STATISTICS 0",
            reverse_sql="ALTER TABLE change ALTER keys SET STATISTICS DEFAULT, ALTER revisions SET STATISTICS DEFAULT",
        ),
    ]
