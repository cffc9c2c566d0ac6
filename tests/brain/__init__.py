"""The brain: its seam, its hosted clients, and the one without a model."""
