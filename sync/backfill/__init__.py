"""Backfills: a range of an entity's rows, read in windows over days, beside the syncs and never in their way."""
