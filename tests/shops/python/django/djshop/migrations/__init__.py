"""What the shop was told has a table."""
