"""A running sync says how far it is."""

from __future__ import annotations

import pytest

from sync.models import JobEvent
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, sync


@pytest.mark.usefixtures("page_by_page")
def test_it_tells_the_rows_read_and_how_many_there_are(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 26)))

    sync("shop.gadgets")

    (told,) = JobEvent.objects.filter(name="progress")
    assert told.facts["total"] == 25
    assert 10 <= told.facts["rows"] <= 25
