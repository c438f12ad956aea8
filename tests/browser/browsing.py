"""Chromium for the tests of journeys: people with windows of their own, on a real server.

Not a conftest.py: other tests import the one above by that name. Modules that want it say
``pytest_plugins = ["tests.browser.browsing"]``.

A window notes what no page may do: errors in the console, requests to other hosts. The test fails at its
end over whatever it did not announce (``visit(user, expects=("401",))``).
"""

import contextlib
import datetime as dt
import re
import threading
from shutil import which
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.utils import timezone

from plans.models import Period
from tests.conftest import need
from tests.tasks.report_office import BACKEND, Office

PASSWORD = "mat-khau-rat-dai"  # as the office's people have
PATIENCE = 30_000  # ms; a busy machine is no fault
ARGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
WIDE, PHONE, NARROW = (1366, 900), (390, 844), (360, 740)


@pytest.fixture(scope="module")
def chromium():
    path = which("chromium")
    need(path, "Chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with one_connection_a_thread(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@contextlib.contextmanager
def one_connection_a_thread():
    """Playwright runs an event loop in this thread: Django would take the tests for asynchronous code, refuse
    them the database, and give them a second connection that nobody empties and closes."""
    whole = connections._connections
    plain = threading.local()
    for alias in connections:
        setattr(plain, alias, connections[alias])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        patch.setattr(connections, "_connections", plain)
        yield
    assert connections._connections is whole


# For pages that try while one types: htmx calls it an error when a request gives way to a newer one (hx-sync), as
# they mean it to. One that fails says sendError or responseError beside these.
REPLACED = ("^htmx:sendAbort", "^htmx:afterRequest")


class Window:
    """What one window did that no page may do."""

    def __init__(self, page, server, expects):
        self.host = urlsplit(server).netloc
        self.expects = expects
        self.faults = []
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", self.on_request)

    def on_console(self, message):
        if message.type in ("error", "warning") and not any(
            re.search(pattern, message.text) for pattern in self.expects
        ):
            self.faults.append(f"console: {message.text}")

    def on_request(self, request):
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != self.host:
            self.faults.append(f"another host: {request.url}")


@pytest.fixture
def visit(chromium, live_server, transactional_db):
    """``visit(user)`` opens a window of somebody signed in, ``visit()`` of nobody yet."""
    contexts, windows = [], []

    def open_window(user=None, *, size=WIDE, expects=(), **options):
        context = chromium.new_context(
            base_url=live_server.url,
            locale="vi-VN",
            timezone_id=settings.TIME_ZONE,
            viewport={"width": size[0], "height": size[1]},
            **options,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user:
            client = Client()
            client.force_login(user, backend=BACKEND)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies(
                [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
            )
        page = context.new_page()
        windows.append(Window(page, live_server.url, expects))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert [fault for window in windows for fault in window.faults] == []


@pytest.fixture
def office(transactional_db):
    """Units that owe reports today, ten days before the date; see tests/tasks/report_office.py."""
    today = timezone.localdate()
    office = Office(year=today.year)
    office.today = today
    Period.objects.update(
        starts_on=today - dt.timedelta(days=200),
        due_before=today + dt.timedelta(days=10),
        closes_on=today + dt.timedelta(days=40),
    )
    office.period.refresh_from_db()
    return office


def sign_in(page, user):
    """Through the form, as people do."""
    page.get_by_label("Thư điện tử").fill(user.email)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()


def end_session(user):
    for session in Session.objects.all():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def field(page, office, indicator, name):
    return page.locator(f"[name='{office.field(indicator, name)}']")


def fill_all(page, office, **changes):
    """Type every figure of report 1.1 and its text; ``changes`` as Office.full takes them."""
    yesterday = (office.today - dt.timedelta(days=1)).strftime("%d/%m/%Y")
    days = {"1.1-e issued_on": yesterday, "1.1-f day": yesterday}
    for name, text in office.full(**days | changes).items():
        if text in ("yes", "no"):
            page.locator(f"[name='{name}'][value='{text}']").check()
        elif text:
            page.locator(f"[name='{name}']").fill(text)


def saved(page):
    """Wait until the form says that everything typed is on the server."""
    from playwright.sync_api import expect

    page.locator("#report-form").evaluate(
        "form => form.contains(document.activeElement) && document.activeElement.blur()"
    )
    expect(page.locator("#report-form:not([data-dirty])")).to_be_visible()
    expect(page.locator("[data-autosave-state]")).to_have_attribute("data-state", "saved")


def reread(row):
    row.refresh_from_db()
    return row
