from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from djshop import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("netgiro/", include("netgiro.django.urls")),
    path("buy/", views.buy),
    path("abuy/", views.abuy),
    path("durable-buy/", views.durable_buy),
]
