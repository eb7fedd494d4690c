"""What `discussit serve` runs: uvicorn's protocols with limits of our own, in a process set up for them."""
