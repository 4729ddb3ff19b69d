"""What a far end's answers say of its own limit."""

from django.db import migrations, models

FIELDS = {
    "far_limit": models.BigIntegerField(null=True),
    "far_left": models.BigIntegerField(null=True),
    "far_resets_at": models.DateTimeField(null=True),
    "far_note": models.TextField(null=True),
}


class Migration(migrations.Migration):

    dependencies = [("sync", "0033_array_statistics")]

    operations = [migrations.AddField("budget", name, field) for name, field in FIELDS.items()]
