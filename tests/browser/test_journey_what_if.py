"""The office types a figure and watches the index move, keeps two scenarios, compares them; a unit reads what is shared."""

from decimal import Decimal

import pytest
from django.utils import timezone

from scoring.models import CriteriaSet, Criterion, Scenario
from tasks.models import Answer, Report
from tasks.states import State
from tests.browser.browsing import REPLACED
from tests.browser.test_accessible import AXE, look_at
from tests.conftest import need

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser

LEAVES = (
    ("1.1", "Hồ sơ đúng hạn", "4", {"type": "ratio", "indicator": "1.1-a", "full": "100"}),
    ("1.2", "Số cuộc kiểm tra", "3", {"type": "count", "indicators": ["1.1-b"], "each": "1"}),
    ("1.3", "Điều tra xã hội học", "3", None),
)


@pytest.fixture
def scored(office):
    """Both units have 5 of 10 accepted: 2 of 4 points, and 1 of 3."""
    office.set = CriteriaSet.objects.create(
        agency=office.agency,
        code="BO",
        name="Bộ tiêu chí",
        valid_from=office.period.year,
        bands=[{"op": ">=", "at": "80", "name": "Tốt"}, {"op": ">=", "at": "0", "name": "Yếu"}],
    )
    top = Criterion.objects.create(criteria_set=office.set, order=0, code="1", name="Lĩnh vực")
    for n, (code, name, points, rule) in enumerate(LEAVES, start=1):
        Criterion.objects.create(
            criteria_set=office.set,
            parent=top,
            depth=1,
            order=n,
            code=code,
            name=name,
            kind="self" if rule else "survey",
            maximum=Decimal(points),
            rule=rule,
        )
    now = timezone.now()
    times = dict.fromkeys(("first_submitted_at", "submitted_at", "accepted_at"), now)
    for report in Report.objects.filter(task__code="1.1"):
        Answer.objects.create(
            report=report, indicator=office.indicators["1.1-a"], numerator=5, denominator=10
        )
    answer = Report.objects.filter(task__code="1.1").first()
    Answer.objects.create(report=answer, indicator=office.indicators["1.1-b"], amount=1)
    Report.objects.filter(task__code="1.1").update(state=State.ACCEPTED, **times)
    return office


def test_typed_figures_move_the_index_are_kept_and_compared(visit, scored):
    from playwright.sync_api import expect

    before = list(Answer.objects.order_by("pk").values())
    chief = visit(scored.coordinator, expects=REPLACED)
    chief.goto("/diem/")
    chief.get_by_role("link", name="Thử tính").first.click()
    totals = chief.locator("#thu-tong")
    expect(totals).to_contain_text("42,86")  # 3 of 7
    expect(totals).to_contain_text("Yếu")

    done = chief.get_by_label("1.1-a: Tử số")
    done.fill("19")
    expect(totals).to_contain_text("68,57")  # 3,8 and 1 of 7
    expect(totals).to_contain_text("+25,71")
    expect(chief.locator("tr", has_text="Hồ sơ đúng hạn").locator(".what-if-gain")).to_have_text(
        "+1,80"
    )
    expect(done).to_be_focused()

    done.fill("chín")
    expect(chief.locator(".field-error", has_text="Tử số «chín» không phải là số")).to_be_visible()
    expect(done).to_have_attribute("aria-invalid", "true")
    expect(totals).to_contain_text("42,86")  # as it is today
    expect(totals).not_to_contain_text("68,57")
    done.fill("19")
    expect(totals).to_contain_text("68,57")
    expect(done).not_to_have_attribute("aria-invalid", "true")

    chief.get_by_label("Tên phương án").fill("Đúng hạn")
    chief.get_by_label("Chia sẻ trong cơ quan").check()
    chief.get_by_role("button", name="Lưu phương án").click()
    expect(chief.locator(".message.is-success")).to_contain_text("Đã lưu phương án «Đúng hạn»")
    expect(chief.get_by_label("1.1-a: Tử số")).to_have_value("19")

    chief.get_by_label("Tiêu chí 1.2 đạt điểm tối đa").check()
    expect(totals).to_contain_text("97,14")
    expect(totals).to_contain_text("Tốt")
    chief.get_by_label("Chia sẻ trong cơ quan").uncheck()
    chief.get_by_label("Tên phương án").fill("Đúng hạn và kiểm tra")
    chief.get_by_label("Tên phương án").press("Enter")
    expect(chief.locator(".message.is-success")).to_contain_text("Đúng hạn và kiểm tra")
    assert Scenario.objects.count() == 2

    chief.get_by_role("link", name="Các phương án", exact=True).click()
    chief.get_by_role("link", name="So sánh hai phương án").click()
    chief.get_by_label("Phương án thứ nhất").select_option(label=option(scored, "Đúng hạn"))
    chief.get_by_label("Phương án thứ hai").select_option(
        label=option(scored, "Đúng hạn và kiểm tra")
    )
    chief.get_by_role("button", name="So sánh").click()
    expect(chief.locator("main")).to_contain_text("+28,57")
    expect(chief.locator("main")).to_contain_text("đạt điểm tối đa 3")

    head = visit(scored.head)
    head.goto("/viec/")
    head.get_by_role("link", name="Phương án điểm").click()
    expect(head.locator("main")).not_to_contain_text("Đúng hạn và kiểm tra")
    head.get_by_role("link", name="Đúng hạn", exact=True).click()
    expect(head.locator("main")).to_contain_text("19/20 (95%)")
    assert list(Answer.objects.order_by("pk").values()) == before


def option(scored, name):
    return f"{name} ({scored.period.year}, {scored.coordinator.name})"


def test_the_five_and_the_switch(visit, scored):
    from playwright.sync_api import expect

    Report.objects.filter(task__code="1.1", unit__code="KHTC").update(state=State.SUBMITTED)
    page = visit(scored.coordinator, expects=REPLACED)
    page.goto("/diem/thu/")
    totals = page.locator("#thu-tong")
    one = page.locator(".what-if-five li").first.get_by_role("button")
    one.click()
    expect(one).to_have_text("Đã thử")
    expect(totals).to_contain_text("Đang thử 1 thay đổi")
    one.click()  # taken back
    expect(one).to_have_text("Thử")
    expect(totals).not_to_contain_text("Đang thử")
    expect(page.get_by_label("1.1-a: Mẫu số")).to_have_value("10")
    page.get_by_label("Tiêu chí 1.2 đạt điểm tối đa").check()
    page.get_by_label("Tính cả báo cáo đang chờ duyệt").check()
    expect(page.get_by_label("1.1-a: Mẫu số")).to_have_value("20")
    expect(page.get_by_label("Tiêu chí 1.2 đạt điểm tối đa")).to_be_checked()
    expect(totals).to_contain_text("Đang thử 1 thay đổi")


def test_it_works_without_scripts(visit, scored):
    from playwright.sync_api import expect

    page = visit(scored.coordinator, java_script_enabled=False)
    page.goto("/diem/thu/")
    page.get_by_label("1.1-a: Tử số").fill("19")
    page.get_by_role("button", name="Tính", exact=True).last.click()
    expect(page.locator("#thu-tong")).to_contain_text("68,57")
    expect(page.get_by_label("1.1-a: Tử số")).to_have_value("19")
    page.get_by_label("Tên phương án").fill("Không có script")
    page.get_by_role("button", name="Lưu phương án").click()
    expect(page.locator(".message.is-success")).to_be_visible()
    assert Scenario.objects.get().inputs["figures"] == {
        "1.1-a": {"numerator": "19", "denominator": "20"}
    }


def test_the_pages_are_for_everybody(visit, scored):
    need(AXE.is_file(), "axe-core")
    kept = [
        Scenario.objects.create(
            agency=scored.agency,
            year=scored.period.year,
            criteria_set=scored.set,
            name=f"Phương án {n}",
            inputs={"schema": "cchc-what-if/1", "full": ["1.1", "99"][:n], "base": {"index": "1"}},
            shared=True,
            made_by=scored.coordinator,
        ).pk
        for n in (1, 2)
    ]
    page = visit(scored.coordinator, bypass_csp=True, expects=REPLACED)
    faults = []
    for where in (
        "/diem/thu/",
        f"/diem/thu/?phuong-an={kept[1]}",
        "/diem/phuong-an/",
        f"/diem/phuong-an/{kept[1]}/",
        f"/diem/phuong-an/so-sanh/?a={kept[0]}&b={kept[1]}",
    ):
        faults += look_at(page, where)
    assert not faults, "\n".join(faults)
