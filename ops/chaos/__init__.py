"""Chaos: kills processes and servers at every write and at any moment, under load, and checks what was promised."""
