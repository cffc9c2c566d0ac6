"""Sending what stands in the outbox: claim, post, settle. At least once, always under the same idempotency key."""
