"""Visitors who are played: each with a goal, and with manners, through the doors that real ones use."""
