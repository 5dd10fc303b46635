"""What the shop was told: a row each time."""

from __future__ import annotations

from django.db import models


class Told(models.Model):
    reference = models.CharField(max_length=255)
    signal = models.CharField(max_length=20)
    cart = models.ForeignKey("netgiro.Cart", on_delete=models.CASCADE)
    process = models.IntegerField()

    def __str__(self):
        return f"{self.reference}: {self.signal}"
