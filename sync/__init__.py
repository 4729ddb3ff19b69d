"""The engine: declarations in, records, jobs and failures out. It names no system."""
