"""A group's log: what its entries are, how they are written and read."""
