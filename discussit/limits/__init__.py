"""Limits on how often clients may do something, and on how much at the same time."""
