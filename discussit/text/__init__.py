"""What people write: emoji, and how a text is read."""
