"""Deletes that a full read found: the proposal, and its rows."""

from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
import sync.ids
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0006_deletes.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [
        ("sync", "0005_targets"),
    ]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql="DROP TABLE delete_key; DROP TABLE delete_proposal;",
            state_operations=[
                migrations.CreateModel(
                    name='DeleteProposal',
                    fields=[
                        ('id', models.UUIDField(default=sync.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ('job_id', models.UUIDField()),
                        ('state', models.TextField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('applied', 'Applied'), ('rejected', 'Rejected'), ('undone', 'Undone'), ('expired', 'Expired')])),
                        ('count', models.BigIntegerField()),
                        ('live_rows', models.BigIntegerField()),
                        ('share', models.FloatField()),
                        ('sample', models.JSONField(default=list)),
                        ('read_began_at', models.DateTimeField()),
                        ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('until', models.DateTimeField()),
                        ('decided_by', models.TextField(null=True)),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('reason', models.TextField(null=True)),
                        ('applied_at', models.DateTimeField(null=True)),
                        ('deleted', models.BigIntegerField(null=True)),
                        ('undone_at', models.DateTimeField(null=True)),
                        ('revived', models.BigIntegerField(null=True)),
                        ('entity', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to='sync.entityrow')),
                    ],
                    options={
                        'verbose_name_plural': 'deletes',
                        'db_table': 'delete_proposal',
                        'ordering': ('-id',),
                    },
                ),
            ],
        ),
    ]
