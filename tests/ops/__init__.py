"""Tests of what runs and judges the product: the demo shop and its questions."""
