"""The sources' columns, for schema drift."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0004_source_column.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [
        ("sync", "0003_error_groups"),
    ]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql="DROP TABLE source_column",
            state_operations=[
                migrations.CreateModel(
                    name='SourceColumn',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('name', models.TextField()),
                        ('state', models.TextField(choices=[('known', 'Known'), ('new', 'New'), ('missing', 'Missing'), ('retyped', 'Retyped')], default='known')),
                        ('types', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                        ('sparse', models.BooleanField(default=False)),
                        ('instead', models.TextField(null=True)),
                        ('first_seen', models.DateTimeField(null=True)),
                        ('last_seen', models.DateTimeField(null=True)),
                        ('changed_at', models.DateTimeField()),
                        ('acknowledged_at', models.DateTimeField(null=True)),
                        ('acknowledged_by', models.TextField(null=True)),
                        ('entity', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to='sync.entityrow')),
                    ],
                    options={
                        'db_table': 'source_column',
                        'ordering': ('-id',),
                        'constraints': [models.UniqueConstraint(fields=('entity', 'name'), name='source_column_once')],
                    },
                ),
            ],
        ),
    ]
