"""The admin's list of carts in a browser: a cart takes one line, and what needs a person is on top, and marked.

With NETGIRO_SCREENSHOTS=1 the picture in docs/images/shops is taken again.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

CHROMIUM = os.environ.get("NETGIRO_TEST_CHROMIUM")
PICTURE = Path(__file__).parents[4] / "docs" / "images" / "shops" / "django-admin.png"

SETTINGS = """
DEBUG = True
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
TIME_ZONE = "Atlantic/Reykjavik"
USE_TZ = True
INSTALLED_APPS = [
    "netgiro.django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "urls.as_staff",
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
STATIC_URL = "static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
NETGIRO = {"CALLBACK_BASE_URL": "https://shop.example"}
"""
URLS = """
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("netgiro/", include("netgiro.django.urls")),
]

def as_staff(get_response):
    def middleware(request):
        request.user = User.objects.get(username="anna")
        return get_response(request)
    return middleware
"""
MANAGE = """
import sys
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
CARTS = """
import datetime as dt
import uuid

import django

django.setup()

from django.contrib.auth.models import User
from django.utils import timezone

from netgiro.django.models import Cart

User.objects.create_superuser("anna")
began = timezone.make_aware(dt.datetime(2026, 11, 2, 9, 14))
ROWS = [
    ("confirmed", 4990, ""),
    ("outcome_unknown", 128_400, "connection reset by peer after 812 bytes of the request: the customer may have been asked "
     "to pay for 'order-1002'; look for the reference at Netgíró, and give it to netgiro_check --adopt or --abandon"),
    ("declined", 23_900, ""),
    ("confirmed", 1_249_000, ""),
    ("mismatch", 18_750, "PaymentInfo says 17750 kr., the order is 18750 kr.: paid, and not what was ordered"),
    ("pending", 7_400, "the server failed (HTTP 503): checked again in 4 s"),
    ("canceled", 990, ""),
    ("confirmed", 56_300, ""),
    ("needs_code", 12_000, ""),
]
for number, (status, amount, problem) in enumerate(ROWS, 1001):
    at = began + dt.timedelta(minutes=37 * (number - 1001))
    ended = status in {"confirmed", "declined", "canceled", "mismatch"}
    cart = Cart.objects.create(
        order_reference=f"order-{number}", reference=f"order-{number}", amount=amount, status=status,
        customer="*****81", problem=problem, transaction_id=uuid.UUID(int=number),
        settled_at=at + dt.timedelta(seconds=41) if ended else None, signaled_at=at if ended else None,
        holds_order=status not in {"declined", "canceled"},
    )
    Cart.objects.filter(pk=cart.pk).update(created_at=at)
Cart.objects.filter(reference="order-1004").update(refunded=249_000)
"""


@pytest.fixture
def admin(start):
    files = {"settings.py": SETTINGS, "urls.py": URLS, "manage.py": MANAGE, "carts.py": CARTS}
    environment = {"DJANGO_SETTINGS_MODULE": "settings"}
    start("manage.py", "migrate", "--verbosity=0", files=files, **environment).ends()
    start("carts.py", **environment).ends()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = start("manage.py", "runserver", "--noreload", str(port), **environment)
    url = f"http://127.0.0.1:{port}/admin/netgiro/cart/"
    deadline = time.monotonic() + 60
    while True:
        assert program.process.poll() is None, program.said
        assert time.monotonic() < deadline, program.said
        try:
            with urlopen(url, timeout=30):
                return url
        except URLError:
            time.sleep(0.05)


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: run by tools/services.py")
def test_the_list_at_1280_pixels(admin):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(admin)
        if os.environ.get("NETGIRO_SCREENSHOTS") == "1":
            page.screenshot(path=PICTURE, animations="disabled")
        rows = page.locator("#result_list tbody tr")
        references = rows.locator("th").all_inner_texts()
        assert references[:2] == ["order-1005", "order-1002"]
        assert references[2:] == sorted(references[2:], reverse=True)
        assert page.locator(".netgiro-needs-person").count() == 2
        heights = rows.evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().height)")
        assert max(heights) < 2 * min(heights), heights
        # All of it is in sight, beside the sidebar and the filters.
        right = "element => element.getBoundingClientRect().right"
        last = page.locator("td.field-began span").last.evaluate(right)
        assert last <= page.locator("#changelist-form").evaluate(right)
        assert page.locator(".field-kronur").first.inner_text() == "18.750\u00a0kr."
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 1280
        page.locator("input.action-select").nth(5).check()
        page.locator("select[name=action]").select_option("cancel")
        page.locator(".actions button[type=submit], .actions input[type=submit]").first.click()
        page.get_by_text("No, take me back").wait_for()
        browser.close()
