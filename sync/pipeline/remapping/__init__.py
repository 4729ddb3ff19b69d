"""Stored rows of an entity run again under another mapping: rehearsed, or for good."""
