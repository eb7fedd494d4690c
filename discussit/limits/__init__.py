"""How often, and how much at a time, clients may do what."""
