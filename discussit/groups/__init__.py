"""Groups: membership, and admission, the only way to act in a group."""
