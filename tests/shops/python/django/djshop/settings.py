"""The shop's settings; what differs from test to test is in the environment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit


def database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path,
            "OPTIONS": {"timeout": 20},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
    }


SECRET_KEY = "only for tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "djshop.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "netgiro.django",
    "djshop.apps.ShopConfig",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    alias: database(url)
    for alias, url in (pair.split("=", 1) for pair in os.environ["DJSHOP_DATABASES"].split())
}
DATABASE_ROUTERS = ["djshop.router.Router"]
NETGIRO = {
    "APP_KEY": "881E674F-7891-4C20-AFD8-56FE2624C4B5",
    "SECRET_KEY": (
        "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHce"
        "iu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="
    ),
    "API": os.environ.get("DJSHOP_API", "v1"),
    "BASE_URL": os.environ.get("DJSHOP_NETGIRO_URL", "http://127.0.0.1:9/v1/"),
    "CALLBACK_BASE_URL": os.environ.get("DJSHOP_URL", "http://127.0.0.1:9"),
    "TIMEOUT": float(os.environ.get("DJSHOP_TIMEOUT", "3")),
    "POLL_POLICY": {
        "min_interval": float(os.environ.get("DJSHOP_MIN_INTERVAL", "0.02")),
        "default_interval": 0.05,
        "max_interval": 2.0,
    },
    "CHECKOUT_TIMEOUT": float(os.environ.get("DJSHOP_CHECKOUT_TIMEOUT", "180")),
}
LOGGING = (
    {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "loggers": {"netgiro.django": {"handlers": ["console"], "level": "INFO"}},
    }
    if "DJSHOP_NETGIRO_URL" in os.environ
    else {}
)
