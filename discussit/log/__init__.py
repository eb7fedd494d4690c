"""A group's log: what its entries are, how they are written and read."""

# Before any module of this package, since the tables need `kinds` and register the hooks, which need the others.
import discussit.models as models  # noqa: F401
