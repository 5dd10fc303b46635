"""The settings: the keys and addresses come from the environment."""

import os
from pathlib import Path

import dj_database_url

from storefront.pages import STATIC
from storefront.pages import TEMPLATES as PAGES

HERE = Path(__file__).resolve().parent.parent
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000")

SECRET_KEY = os.environ.get("SECRET_KEY", "only for this demonstration")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

NETGIRO = {
    "APP_KEY": os.environ.get("NETGIRO_APP_KEY"),
    "SECRET_KEY": os.environ.get("NETGIRO_SECRET_KEY"),
    "ENVIRONMENT": os.environ.get("NETGIRO_ENVIRONMENT", "test"),
    "API": os.environ.get("NETGIRO_API", "v1"),
    "BASE_URL": os.environ.get("NETGIRO_BASE_URL"),
    # Where Netgíró reaches the shop: never taken from a request.
    "CALLBACK_BASE_URL": PUBLIC_URL,
}

INSTALLED_APPS = [
    # Above django.contrib.staticfiles: its runserver lets Netgíró's headers through.
    "netgiro.django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "shop.apps.ShopConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PAGES],
        "OPTIONS": {"environment": "shop.views.environment"},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# PostgreSQL, say, by DATABASE_URL=postgresql://shop@127.0.0.1/shop
DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{HERE / 'shop.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A writer waits for another, here and in netgiro_poll, instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode = WAL",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATICFILES_DIRS = [STATIC]
WHITENOISE_USE_FINDERS = True
USE_TZ = True
TIME_ZONE = "Atlantic/Reykjavik"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
