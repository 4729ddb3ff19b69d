"""What goes to PostgreSQL as one text means the same as the list would."""

from __future__ import annotations

import pytest

from sync.targets.arrays import Array, array


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (["7", None, "9a-b"], "{7,NULL,9a-b}"),
        ([None], "{NULL}"),
        (["a,b"], ["a,b"]),
        (["a,b", "c"], ["a,b", "c"]),
        (["null", None], ["null", None]),
        (["", "x"], ["", "x"]),
        (['say "x"'], ['say "x"']),
        (["back\\slash"], ["back\\slash"]),
        (["{7}"], ["{7}"]),
        (["ü"], ["ü"]),
        ([], []),
    ],
)
def test_only_what_needs_no_quotes_is_written_out(values: list[str | None], written: Array) -> None:
    assert array(values) == written
