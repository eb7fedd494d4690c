"""The two WebSocket routes."""
