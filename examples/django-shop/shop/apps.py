"""The app: its receivers are connected when Django starts."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        from shop import receivers  # noqa: F401, PLC0415 - connects them
