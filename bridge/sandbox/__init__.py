"""The far ends as one real HTTP server: real public data, vendors' own protocols, switchable moods."""
