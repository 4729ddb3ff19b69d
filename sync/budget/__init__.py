"""What a system allows, shared by all processes: requests per second, at once, a day; Retry-After.

A process draws grants of several requests, so that no request waits for the database: a grant is used within
half a second or lost, which the size of the bucket makes up for. Concurrency is leased as slots.
"""

from sync.budget.gate import Gate, SharedGate

__all__ = ["Gate", "SharedGate"]
