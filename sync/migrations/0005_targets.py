"""What targets have of our records: made by SQL, Django only learns of it."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


TABLES = (Path(__file__).parent / "0005_targets.sql").read_text()
BACK = "DROP TABLE delivery_count; DROP TABLE delivery; DROP TABLE target_cursor;"


class Migration(migrations.Migration):

    dependencies = [
        ('sync', '0004_source_column'),
    ]

    operations = [
        migrations.RunSQL(
            TABLES,
            reverse_sql=BACK,
            state_operations=[
                migrations.CreateModel(
                    name='DeliveryCount',
                    fields=[
                        ('pk', models.CompositePrimaryKey('batch_id', 'target', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('batch_id', models.BigIntegerField()),
                        ('target', models.TextField()),
                        ('inserted', models.IntegerField(default=0)),
                        ('updated', models.IntegerField(default=0)),
                        ('deleted', models.IntegerField(default=0)),
                        ('conflicts', models.IntegerField(default=0)),
                        ('failed', models.IntegerField(default=0)),
                    ],
                    options={
                        'db_table': 'delivery_count',
                        'managed': False,
                    },
                ),
                migrations.CreateModel(
                    name='TargetCursor',
                    fields=[
                        ('pk', models.CompositePrimaryKey('target', 'entity_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('target', models.TextField()),
                        ('seq', models.BigIntegerField()),
                    ],
                    options={
                        'db_table': 'target_cursor',
                        'managed': False,
                    },
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('target', models.TextField()),
                        ('key_hash', models.UUIDField()),
                        ('remote_id', models.TextField(null=True)),
                        ('op', models.CharField(max_length=1)),
                        ('sent_hash', models.BinaryField(null=True)),
                        ('acked_hash', models.BinaryField(null=True)),
                        ('acked_revision', models.IntegerField(null=True)),
                        ('state', models.TextField(choices=[('sent', 'Sent'), ('acked', 'Acked'), ('refused', 'Refused'), ('unknown', 'Unknown'), ('waiting', 'Waiting')])),
                        ('attempts', models.SmallIntegerField(default=0)),
                        ('next_try_at', models.DateTimeField(null=True)),
                        ('parent_key_hash', models.UUIDField(null=True)),
                        ('code', models.TextField(null=True)),
                        ('answer', models.JSONField(null=True)),
                        ('changed_at', models.DateTimeField()),
                        ('entity', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='sync.entityrow')),
                        ('parent_entity', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='awaited_at_targets', to='sync.entityrow')),
                    ],
                    options={
                        'verbose_name_plural': 'deliveries',
                        'db_table': 'delivery',
                        'ordering': ('-id',),
                    },
                ),
            ],
        ),
    ]
