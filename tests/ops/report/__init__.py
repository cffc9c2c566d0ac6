"""Reports, comparisons and verdicts."""
