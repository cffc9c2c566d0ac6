"""Benchmarks: what a turn costs beside a floor that makes the same calls by hand, in the same run."""
