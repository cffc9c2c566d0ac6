"""Slack: where staff hear of those who wait, and answer them; and where anybody at work may ask the agent."""
