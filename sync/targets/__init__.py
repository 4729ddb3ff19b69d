"""Writing records to other systems. Nothing here yet: every entity is read only."""
