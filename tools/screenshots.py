"""Take the pictures of README.md and the user guide anew, from the demo office.

    make screenshots [ARGS="dashboard duyet"]

A web server of its own on a free port, with the demo office in a folder that is thrown away; Debian's
Chromium signs in as each person. ``docs/images/<name>.png``, one screen each, not the whole page.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

import local
from bench import UNSET, free_port, wait_for

IMAGES = local.ROOT / "docs" / "images"
CHROMIUM = "--no-sandbox --disable-background-networking --disable-component-update --disable-sync --no-first-run"
DESK, PHONE = (1366, 900), (390, 844)
LARGEST = 300_000  # bytes of a picture
PASSWORD = "cchc-minh-hoa"  # noqa: S105 - the demo office's, shown on its sign-in page
HEAD, OFFICE, LEADER = "tccb.truongphong", "vp.chanhvanphong", "giamdoc"


# -- What is on the pictures: each takes a page that is signed in -----------------------------------


def at(path):
    return lambda page: page.goto(path)


def form(page):
    """A report with a ratio: two figures typed, and what the form says to them."""
    page.goto("/viec/")
    addresses = page.locator("a.worklist-title").evaluate_all("links => links.map(a => a.href)")
    for address in addresses:
        page.goto(address)
        question = page.locator("fieldset.question", has=page.locator("[name$=-numerator]"))
        if page.locator("#report-form").count() and question.count():
            break
    question = question.first
    question.locator("[name$=-numerator]").fill("41")
    question.locator("[name$=-denominator]").fill("50")
    question.locator("[name$=-denominator]").blur()
    page.locator("#report-form:not([data-dirty])").wait_for()  # all that was typed has its verdict
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def dashboard(page):
    page.goto("/tong-quan/")
    page.locator("a.matrix-toggle").first.click()
    page.evaluate("document.activeElement.blur()")


def review(page):
    page.goto("/duyet/")
    page.locator("table.queue th a").first.click()
    page.locator(".review-panel").wait_for()


def task_result(page):
    page.goto("/tong-quan/")
    page.locator("a.matrix-toggle").nth(1).click()
    page.locator("tr.matrix-task th a:visible").first.click()
    page.locator("h1").wait_for()


def plan(page):
    page.goto("/ke-hoach/")
    page.locator("main table a").first.click()
    page.locator("h1").wait_for()


def period(page):
    page.goto("/ky/")
    page.locator("main table a[href^='/ky/']").first.click()
    page.locator("h1").wait_for()


# name, who, width and height, how to get there
def what_if(page):
    """Two of the five things tried: the index moves."""
    page.goto("/diem/thu/")
    for number in range(2):
        page.locator(".what-if-five button").nth(number).click()
        page.get_by_text(f"Đang thử {number + 1} thay đổi").first.wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def published(path):
    """A page below the scorecard of the plan's first year, which the demo brings to its publication."""

    def go(page):
        page.goto("/diem/")
        year = page.locator("[name=ky] option", has_text=re.compile(r"^Năm 2019"))
        year = year.first.get_attribute("value")
        page.goto(f"/diem/?ky={year}")
        address = page.locator("a[href*='/doi-chieu/']").first.get_attribute("href")
        page.goto(address.replace("doi-chieu/", path))

    return go


def criterion(page):
    """A leaf of a copied set, its rule by form and a figure tried on it."""
    page.goto("/diem/bo-tieu-chi/")
    page.locator("table a[href*='/bo-tieu-chi/']").first.click()
    page.goto(page.url.split("?")[0].rstrip("/") + "/sao-chep/")
    page.fill("[name=code]", "TINH-MOI")
    page.locator("main form button[type=submit]").first.click()
    page.get_by_role("link", name="Sửa 1.2.1", exact=True).click()
    page.locator("#trial-figures").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("#trial-figures input[type=text]").first.fill("92")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


PICTURES = (
    ("dang-nhap", None, DESK, at("/dang-nhap/")),
    ("viec-cua-don-vi", HEAD, DESK, at("/viec/")),
    ("viec-cua-don-vi-dien-thoai", HEAD, PHONE, at("/viec/")),
    ("soan-bao-cao", HEAD, DESK, form),
    ("soan-bao-cao-dien-thoai", HEAD, PHONE, form),
    ("dashboard", OFFICE, DESK, dashboard),
    ("duyet", OFFICE, DESK, at("/duyet/")),
    ("xem-duyet", OFFICE, DESK, review),
    ("ket-qua-nhiem-vu", OFFICE, DESK, task_result),
    ("ky-bao-cao", OFFICE, DESK, period),
    ("nhac-viec", OFFICE, DESK, at("/nhac-viec/")),
    ("ho-so-nop", OFFICE, DESK, at("/ho-so-nop/")),
    ("ke-hoach", OFFICE, DESK, plan),
    ("so-tai-lieu", OFFICE, DESK, at("/tai-lieu/")),
    ("sai-sot", OFFICE, DESK, at("/sai-sot/")),
    ("lanh-dao", LEADER, DESK, at("/")),
    ("phieu-diem", OFFICE, DESK, at("/diem/")),
    ("con-gianh-duoc", OFFICE, DESK, at("/diem/con-gianh-duoc/")),
    ("thu-tinh", OFFICE, DESK, what_if),
    ("thu-tinh-dien-thoai", OFFICE, PHONE, what_if),
    ("doi-chieu", OFFICE, DESK, published("doi-chieu/")),
    ("tham-dinh", OFFICE, DESK, published("tham-dinh/?lan=1")),
    ("soan-bo-tieu-chi", OFFICE, DESK, criterion),
)


def signed_in(browser, base, person, size):
    context = browser.new_context(
        base_url=base,
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )
    page = context.new_page()
    if person:
        page.goto("/dang-nhap/")
        page.fill("[name=username]", f"{person}@sgddt.example")
        page.fill("[name=password]", PASSWORD)
        page.locator("#sign-in button[type=submit]").click()
        page.locator(".user-menu").wait_for()
    return page


def take_all(base, wanted):
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(parents=True, exist_ok=True)
    path = shutil.which("chromium")
    if not path:
        raise local.Problem("không tìm thấy chromium; hãy cài: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM.split())
        pages: dict = {}
        for name, person, size, go in PICTURES:
            if wanted and name not in wanted:
                continue
            if (person, size) not in pages:
                pages[person, size] = signed_in(browser, base, person, size)
            page = pages[person, size]
            go(page)
            page.evaluate("document.fonts.ready")
            target = IMAGES / f"{name}.png"
            page.screenshot(path=target, animations="disabled", caret="hide")
            if target.stat().st_size > LARGEST:
                raise local.Problem(f"{target.name} lớn quá {LARGEST // 1000} kB.")
            local.say(f"  {name}.png  {target.stat().st_size // 1000} kB")
        browser.close()


def server_environment(folder, port):
    env = {name: value for name, value in os.environ.items() if name not in UNSET}
    return env | {
        "VAR_DIR": folder,
        "CCHC_IGNORE_DOTENV": "1",
        "LOG_LEVEL": "ERROR",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "cchc_tracker.settings",
    }


def make_workbook(env):
    """A workbook in the list, as a worker would make it."""
    code = (
        "import django; django.setup();"
        "from accounts.history import Actor; from plans.models import Period;"
        "from scoring.exporting import make, request_export;"
        "period = Period.objects.filter(is_history=False).order_by('-year').first();"
        "make(request_export(period=period, by=Actor.system()).pk)"
    )
    local.quietly([str(local.PYTHON), "-c", code], "Tạo bảng kết quả", env=env)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="chỉ các ảnh này")
    wanted = set(parser.parse_args(arguments).name)
    port = free_port()
    python = str(local.PYTHON)
    with tempfile.TemporaryDirectory(prefix="cchc-screenshots-") as folder:
        env = server_environment(folder, port)
        local.say("Tạo dữ liệu minh họa…")
        for step in (
            ["migrate", "--verbosity", "0"],
            ["collectstatic", "--noinput", "-v", "0"],
            ["seed_demo"],
        ):
            local.quietly([python, "manage.py", *step], step[0], env=env)
        make_workbook(env)
        command = [python, "-m", "gunicorn", "cchc_tracker.wsgi", "--bind", f"127.0.0.1:{port}"]
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", "8"]
        server = subprocess.Popen([*command, "--log-level", "error"], cwd=local.ROOT, env=env)
        try:
            wait_for(port, server)
            take_all(f"http://127.0.0.1:{port}", wanted)
        finally:
            server.terminate()
            server.wait()
    return 0


if __name__ == "__main__":
    local.speak_utf8()
    try:
        sys.exit(main(sys.argv[1:]))
    except local.Problem as problem:
        sys.exit(local.fail(problem))
