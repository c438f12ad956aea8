"""Every main page for everybody who has it: axe-core at two widths, no sideways scrolling, nothing in the console."""

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from accounts.models import User
from scoring.models import Scorecard
from tests.browser.browsing import NARROW, PHONE, WIDE
from tests.conftest import need

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Who, and the pages: an address, or where a first link leads as (from, link).
OFFICE = (
    "/tong-quan/",
    "/duyet/",
    ("/duyet/", "table.queue th a"),
    "/bao-cao/",
    ("/bao-cao/", "main table a[href^='/duyet/'], main table a[href^='/bao-cao/']"),
    "/ky/",
    ("/ky/", "main table a[href^='/ky/']"),
    "/ke-hoach/",
    ("/ke-hoach/", "main table a[href^='/ke-hoach/']"),
    ("/tong-quan/?mo=tat-ca", "tr.matrix-task a[href^='/ket-qua/']"),
    "/vuong-mac/",
    ("/vuong-mac/", "main a[href^='/vuong-mac/']:not([href$='/neu/']):not([href='/vuong-mac/'])"),
    "/sai-sot/",
    "/tai-lieu/",
    ("/tai-lieu/", "main table a[href^='/tai-lieu/']"),
    "/nhac-viec/",
    "/lich-su/",
    "/ho-so-nop/",
    "/diem/",
    "/diem/con-gianh-duoc/",
    "/diem/con-gianh-duoc/?don-vi=KHTC",
    "/diem/thu/",
    ("/diem/", "main a[href*='/buoc/']"),
    "/diem/bo-tieu-chi/",
    ("/diem/bo-tieu-chi/", "main table a[href^='/diem/bo-tieu-chi/']"),
    "/diem/bo-tieu-chi/moi/",
)
# Of each scorecard of the demo: published, and still a draft.
OF_SCORECARD = ("/diem/{}/tieu-chi/1.4.1/", "/diem/{}/tieu-chi/9.1.1/", "/diem/{}/lich-su/")
YEARS = (2019, 2026)
HEAD = (
    "/viec/",
    ("/viec/", "a.worklist-title[href$='/soan/']"),
    ("/viec/", ".is-quiet a.worklist-title"),
    ("/viec/", "a[href^='/viec/excel/']"),
    ("/viec/", "a[href^='/viec/gui/']"),
    "/vuong-mac/neu/",
    "/giai-trinh/",
    "/viec/diem/",
    "/lich/",
    "/uy-quyen/",
    "/mat-khau/",
)
LEADER = ("/tong-quan/", "/ho-so-nop/", "/diem/")
ADMINISTRATOR = ("/nhac-viec/",)


@pytest.fixture
def demo(transactional_db):
    call_command("seed_demo", stdout=io.StringIO())
    return lambda name: User.objects.get(email=f"{name}@sgddt.example")


def resize(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})


def broken_rules(page):
    """Faults of axe that keep somebody from using the page, one line each."""
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['target'][0]} {fault['nodes'][0]['failureSummary']}"
        for fault in found
        if fault["impact"] in SERIOUS
    ]


def of_scorecards():
    keys = [Scorecard.objects.get(year=year).pk for year in YEARS]
    return [where.format(key) for key in keys for where in OF_SCORECARD]


def look_at(page, where):
    """What is wrong with one page, at each width."""
    if isinstance(where, tuple):
        start, link = where
        page.goto(start)
        where = page.locator(link).first.get_attribute("href")
    resize(page, WIDE)
    answer = page.goto(where)
    if answer.status != 200:
        return [f"{where}: {answer.status}"]
    page.add_script_tag(path=AXE)
    faults = []
    for size in (WIDE, PHONE):
        resize(page, size)
        faults += [f"{where} at {size[0]}: {fault}" for fault in broken_rules(page)]
    resize(page, NARROW)
    if over := page.evaluate(OVER):
        faults.append(f"{where} at {NARROW[0]}: {over} px too wide")
    return faults


def test_main_pages_of_every_role(visit, demo):
    need(AXE.is_file(), "axe-core")
    faults = []
    for name, addresses in (
        (None, ("/dang-nhap/", "/quen-mat-khau/")),
        ("tccb.truongphong", HEAD),
        ("vp.chanhvanphong", (*OFFICE, *of_scorecards())),
        ("giamdoc", LEADER),
        ("vp.quantri", ADMINISTRATOR),
    ):
        page = visit(demo(name) if name else None, bypass_csp=True)
        for where in addresses:
            faults += look_at(page, where)
    assert not faults, "\n".join(faults)
