"""The REST API: one resource a file; urls.py shows the whole surface."""
