"""From a question to passages: read, looked up by words and by meaning, fused, re-ranked, and judged answerable."""
