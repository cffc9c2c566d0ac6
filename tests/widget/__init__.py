"""The chat widget in a real browser, against a small backend of its own."""
