"""Groups: who is a member, and the one door to a group."""
