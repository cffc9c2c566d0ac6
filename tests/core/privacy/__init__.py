"""Personal data is found, and nothing else."""
