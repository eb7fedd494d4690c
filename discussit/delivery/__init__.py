"""From a commit to the sockets: rooms with the tails of their logs, and the connections that follow them."""
