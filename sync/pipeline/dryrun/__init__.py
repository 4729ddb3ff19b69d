"""What a sync would do, found out without writing anything."""
