from netgiro._netgiro import AsyncClient as AsyncClient

__all__ = ["AsyncClient"]
