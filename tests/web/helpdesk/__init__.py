"""Helpdesks, and what mirrors tickets into them."""
