"""What needs a real WordPress."""
