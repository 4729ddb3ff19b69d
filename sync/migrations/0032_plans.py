"""Taking and ending a job by the one index that serves it, whatever the statistics say."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent
FORWARD = (FOLDER / "0032_plans.sql").read_text()


def _before(file: str, name: str) -> str:
    text = (FOLDER / file).read_text()
    start = text.index(f"CREATE FUNCTION {name}(")
    end = text.index("END $$;", start) + len("END $$;")
    return text[start:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


BACK = f"""
DROP INDEX bridge_wakeup_next;
CREATE INDEX bridge_wakeup_next ON procrastinate_jobs (queue_name, priority DESC, id)
  WHERE status = 'todo' AND scheduled_at IS NULL;
{_before("0030_kinds.sql", "bridge_take")}
{_before("0027_taking.sql", "bridge_finish")}
"""


class Migration(migrations.Migration):
    dependencies = [("sync", "0031_audit_chain")]

    operations = [migrations.RunSQL(FORWARD, reverse_sql=BACK)]
