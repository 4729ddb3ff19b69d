"""The parts of the embedded PostgreSQL: its cluster, its owner, its keeper. `bridge.postgres` is their face."""
