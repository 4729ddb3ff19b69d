"""Webhooks: what a far end tells us of its records, without being asked."""
