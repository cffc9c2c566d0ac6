"""Races: visitor, bot and two of the staff act on one conversation at once, and what came of it is judged."""
