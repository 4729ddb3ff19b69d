"""The processes that `bridge up` starts and keeps alive, and what they share with it."""
