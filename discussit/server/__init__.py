"""What `discussit serve` runs: uvicorn's protocols with stricter limits, in a process set up for them."""
