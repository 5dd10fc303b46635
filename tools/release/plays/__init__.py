"""Installs what was built as users do, and plays it: here, with another C library or processor, under wine."""
