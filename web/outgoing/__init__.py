"""Sending what stands in the outbox: claim, pack, send, settle. At least once, always under the same key."""
