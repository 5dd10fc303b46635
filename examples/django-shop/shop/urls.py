"""The addresses of the shop, of its admin, and the one that Netgíró calls."""

from django.contrib import admin
from django.urls import include, path

from shop import views

handler404 = views.missing

urlpatterns = [
    path("", views.index),
    path("basket", views.basket),
    path("basket/add", views.add),
    path("basket/set", views.put),
    path("checkout", views.checkout),
    path("checkout/hosted", views.pay_at_netgiro),
    path("orders/<order_id>", views.order),
    path("orders/<order_id>/return", views.come_back),
    path("orders/<order_id>/payment", views.payment),
    path("orders/<order_id>/status", views.status),
    path("orders/<order_id>/cancel", views.cancel),
    path("orders/<order_id>/again", views.again),
    path("netgiro/", include("netgiro.django.urls")),
    path("admin/", admin.site.urls),
]
