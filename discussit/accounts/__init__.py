"""Accounts: who is logged in, how that begins and ends, and passwords."""
