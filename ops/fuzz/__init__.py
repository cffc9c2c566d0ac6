"""Every door of a running Handrail, tried with whatever its own contract allows and forbids (schemathesis)."""
