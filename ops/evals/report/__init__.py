"""What people read of a run: compared with others, held against the nights before, and shown on one page."""
