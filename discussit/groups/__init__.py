"""Groups: membership, and admission, the only way to act in a group."""

# Before any module of this package, since the tables register the hooks of the log, which need its queries.
import discussit.models as models  # noqa: F401
