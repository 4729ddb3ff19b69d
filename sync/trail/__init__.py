"""The audit as a chain: what proves that nobody changed it, and what finds entries in it."""
