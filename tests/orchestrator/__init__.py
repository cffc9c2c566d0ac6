"""Tests of the state machine and what is around it."""
