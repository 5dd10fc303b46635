"""What the tests need beside the shop: databases, processes and checkouts."""
