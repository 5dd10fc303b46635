"""The URLs of the app: `path("netgiro/", include("netgiro.django.urls"))`."""

from __future__ import annotations

from django.urls import path

from netgiro.django import views

app_name = "netgiro"
urlpatterns = [path("callback/", views.callback, name="callback")]
