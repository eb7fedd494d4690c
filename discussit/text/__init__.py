"""What people write: emoji, and how a text is read."""

# Before any module of this package, since the tables register the hooks of the log, which need it.
import discussit.models as models  # noqa: F401
