"""The desk: where staff see who waits, answer, look things up, and keep the house in order."""
