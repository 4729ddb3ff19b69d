"""Jobs: rows in our table, woken by one row of procrastinate an attempt."""
