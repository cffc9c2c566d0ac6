"""A real WordPress on this machine, for the tests and for `make demo-wordpress`: PHP's own server, and SQLite."""
