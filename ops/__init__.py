"""How Handrail is run and judged: demo, evaluation, benchmarks."""
