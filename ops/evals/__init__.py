"""Judging the agent: golden questions, and the runner that asks them along a visitor's own path."""
