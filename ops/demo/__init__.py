"""The demo shop: its documents, its orders, and the script that builds the binary ones."""
