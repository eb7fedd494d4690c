"""Accounts: the current user, logins and sessions, passwords, and the security log."""
