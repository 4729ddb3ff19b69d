"""The parts of the embedded PostgreSQL: cluster, owner, keeper. `bridge.postgres` is their face."""
