"""The office enters the province's points, is told what is wrong, finishes both rounds, publishes, and marks a focus."""

import datetime as dt

import pytest

from scoring.frozen import freeze
from scoring.models import LeafScore, PeerScore, Scorecard
from scoring.scorecards import compute
from tests.browser.test_accessible import AXE, look_at
from tests.browser.test_journey_what_if import scored  # noqa: F401  # a fixture
from tests.conftest import need

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser


@pytest.fixture
def sent(scored):  # noqa: F811
    """The card as it was sent: 1.1 has 2 of 4, 1.2 has 1 of 3, 1.3 is surveyed."""
    scored.card = Scorecard.objects.create(
        agency=scored.agency,
        year=scored.period.year,
        criteria_set=scored.set,
        state="sent",
        sent_number="45/BC",
        sent_on=dt.date(scored.period.year, 11, 30),
        sent=freeze(compute(scored.period, scored.set)),
    )
    return scored


def test_from_the_first_round_to_the_focus(visit, sent):
    from playwright.sync_api import expect

    chief = visit(sent.coordinator, expects=("422",))
    chief.goto("/diem/tham-dinh/")
    chief.get_by_role("link", name="Thẩm định lần 1").click()
    first = chief.get_by_label("Điểm thẩm định lần 1, tiêu chí 1.1")
    first.fill("5")
    chief.get_by_label("Nguyên nhân mất điểm, tiêu chí 1.1").select_option("evidence")
    chief.get_by_role("button", name="Lưu", exact=True).click()
    expect(chief.get_by_role("alert")).to_contain_text("Lớn hơn điểm tối đa 4")
    chief.get_by_role("alert").get_by_role("link").click()
    expect(first).to_be_focused()
    first.fill("1,5")
    chief.get_by_text("Ghi ý kiến tiêu chí 1.1").click()
    chief.get_by_label("Ý kiến của tỉnh").first.fill("Thiếu danh sách hồ sơ")
    chief.get_by_label("Điểm điều tra, tiêu chí 1.3").fill("2,5")
    chief.get_by_role("button", name="Lấy điểm tự chấm cho các tiêu chí còn trống").click()
    chief.locator("#confirm-ok").click()
    expect(chief.get_by_text("Đã lấy điểm cho 1 tiêu chí")).to_be_visible()
    stored = {s.criterion.code: s for s in LeafScore.objects.select_related("criterion")}
    assert str(stored["1.1"].appraised_1) == "1.5"
    assert stored["1.2"].appraised_1 == 1
    for n in (1, 2):
        chief.goto(f"/diem/{sent.card.pk}/tham-dinh/?lan={n}")
        if n == 2:
            chief.get_by_label("Điểm thẩm định lần 2, tiêu chí 1.1").fill("1,75")
            chief.get_by_role("button", name="Lấy điểm lần 1").click()
            chief.locator("#confirm-ok").click()
            expect(chief.get_by_text("Đã lấy điểm cho 1 tiêu chí")).to_be_visible()
        chief.get_by_role("button", name=f"Hoàn tất lần {n}").click()
        chief.locator("#confirm-ok").click()
        expect(chief.get_by_text(f"Đã hoàn tất thẩm định lần {n}.")).to_be_visible()
    chief.get_by_role("link", name="Công bố", exact=True).click()
    chief.get_by_label("Chỉ số được công bố").fill("52,50")
    chief.get_by_role("button", name="Ghi kết quả công bố").click()
    chief.locator("#confirm-ok").click()
    expect(chief.get_by_text("công bố bằng chỉ số hệ thống tính")).to_be_visible()
    chief.goto(f"/diem/{sent.card.pk}/doi-chieu/")
    expect(chief.get_by_text("Thiếu danh sách hồ sơ")).to_be_visible()
    expect(chief.get_by_text("giải trình lấy lại 0,25 điểm")).to_be_visible()
    chief.get_by_role("checkbox", name="Trọng tâm tiêu chí 1.1").check()
    chief.get_by_label("Việc cần làm, tiêu chí 1.1").fill("Gom đủ danh sách")
    chief.get_by_role("button", name="Lưu trọng tâm").click()
    expect(chief.get_by_text("Đã lưu 2 thay đổi về trọng tâm.")).to_be_visible()
    assert LeafScore.objects.get(focus=True).focus_note == "Gom đủ danh sách"


def test_the_pages_are_for_everybody(visit, sent):
    """axe at two widths, nothing too wide for a narrow phone."""
    need(AXE.is_file(), "axe-core")
    pk, year = sent.card.pk, sent.card.year
    for code, name in (("1.1", "appraised_1"), ("1.2", "appraised")):
        leaf = sent.set.criteria.get(code=code)
        LeafScore.objects.create(
            scorecard=sent.card,
            criterion=leaf,
            **{name: 0},
            note="Ý kiến của tỉnh",
            asked="Giải trình",
            loss="late",
            focus=True,
        )
    for n in range(3):
        PeerScore.objects.create(agency=sent.agency, year=year - 1, name=f"Sở {n}", index=70 + n)
    page = visit(sent.coordinator, bypass_csp=True)
    faults = []
    for where in (
        f"/diem/tham-dinh/?nam={year}",
        f"/diem/{pk}/tham-dinh/?lan=1",
        f"/diem/{pk}/tham-dinh/?lan=2",
        f"/diem/{pk}/tham-dinh/nap/",
        f"/diem/{pk}/cong-bo/",
        "/diem/cong-bo/nam/",
        f"/diem/xep-hang/?nam={year - 1}",
        f"/diem/{pk}/doi-chieu/?loc=tat-ca",
    ):
        faults += look_at(page, where)
    assert not faults, "\n".join(faults)
