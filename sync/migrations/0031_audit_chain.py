"""The audit as a chain; what was written before is taken into it in its order."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0031_audit_chain.sql").read_text()
BACK = """
DROP TRIGGER bridge_audit_keep ON audit;
DROP TRIGGER bridge_audit_link ON audit;
DROP TABLE audit_link, audit_chain;
DROP FUNCTION bridge_audit_keep();
DROP FUNCTION bridge_audit_link();
DROP FUNCTION bridge_audit_add(audit);
DROP FUNCTION bridge_audit_text(bigint, audit);
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0030_kinds")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, reverse_sql=BACK)],
            state_operations=[
                migrations.CreateModel(
                    name="AuditLink",
                    fields=[
                        ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("hash", models.BinaryField()),
                        (
                            "entry",
                            models.OneToOneField(
                                db_column="audit_id",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="link",
                                to="sync.auditentry",
                            ),
                        ),
                    ],
                    options={"db_table": "audit_link", "ordering": ("seq",)},
                ),
            ],
        ),
    ]
