"""APISmith: the runtime API in front of an Oracle ERP."""
