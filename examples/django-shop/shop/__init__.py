"""A small shop on Django that is paid with Netgíró."""
