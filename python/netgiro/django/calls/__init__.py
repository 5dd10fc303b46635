"""Calls to Netgíró whose outcomes are recorded: how they are executed, and refunds."""
