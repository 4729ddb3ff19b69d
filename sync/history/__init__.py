"""What was: a record's versions, the mirror as of a moment, the feed of changes, the lineage of a value."""
