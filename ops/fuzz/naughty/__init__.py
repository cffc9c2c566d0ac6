"""Strings that break things, through every text field of every door."""
