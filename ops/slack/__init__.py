"""Slack for those who have none at hand: the app's manifest, and a workspace that checks what it is told."""
