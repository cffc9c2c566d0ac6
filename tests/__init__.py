"""Tests mirror the source; besides, they follow one message along its whole path."""
