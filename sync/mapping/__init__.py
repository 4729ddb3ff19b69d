"""Mappings: field rules as data over an entity's declaration, version by version."""
