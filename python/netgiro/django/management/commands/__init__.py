"""`netgiro_poll` and `netgiro_check`."""
