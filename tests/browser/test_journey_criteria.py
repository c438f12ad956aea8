"""The office writes a set of criteria: from nothing to use, a rule tried while it is typed, with the keyboard, without scripts."""

import pytest

from scoring.models import CriteriaSet, Criterion
from tests.browser.browsing import PHONE, REPLACED
from tests.browser.test_accessible import AXE, broken_rules

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser


@pytest.fixture
def draft(office):
    """A draft with one field and one group, as they are after a minute's work."""
    made = CriteriaSet.objects.create(
        agency=office.agency,
        code="BO",
        name="Bộ đang soạn",
        valid_from=office.today.year,
        is_draft=True,
    )
    field = Criterion.objects.create(criteria_set=made, order=0, code="1", name="Chỉ đạo")
    made.group = Criterion.objects.create(
        criteria_set=made, order=1, code="1.1", name="Kế hoạch", parent=field, depth=1
    )
    return made


def sentence(page):
    return page.locator(".trial-sentence")


def settled(page):
    """What a choice brings has come and listens."""
    from playwright.sync_api import expect

    expect(
        page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    ).to_have_count(0)


def test_a_set_from_nothing_to_use(visit, office):
    from playwright.sync_api import expect

    # A refusal is an answer with a page: 422.
    page = visit(office.coordinator, expects=("422", *REPLACED))
    page.goto("/diem/bo-tieu-chi/moi/")
    page.get_by_label("Mã", exact=True).fill("BRVT-2020")
    page.get_by_label("Tên bộ tiêu chí").fill("Bộ tiêu chí của tỉnh")
    page.get_by_label("Áp dụng từ năm").fill(str(office.today.year))
    page.get_by_label("Xếp loại, loại 1").fill("Tốt")
    page.get_by_label("Ngưỡng, loại 1").fill("0")
    page.get_by_role("button", name="Tạo bộ tiêu chí").click()
    expect(page.locator(".messages")).to_contain_text("Đã tạo bộ tiêu chí")

    # Not whole yet: said with a way to mend it.
    page.get_by_role("button", name="Đưa vào sử dụng").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chưa đưa vào sử dụng được")
    page.get_by_role("link", name="Về bộ tiêu chí").click()

    page.get_by_role("link", name="Thêm lĩnh vực").click()
    page.get_by_label("Mã", exact=True).fill("1")
    page.get_by_label("Tên", exact=True).fill("Chỉ đạo, điều hành")
    page.get_by_role("button", name="Lưu").last.click()

    page.get_by_label("Việc khác với 1").first.click()
    page.get_by_role("link", name="Thêm tiêu chí con").first.click()
    page.get_by_label("Mã", exact=True).fill("1.1")
    page.get_by_label("Tên", exact=True).fill("Hồ sơ đúng hạn")
    page.get_by_label("Tự chấm").check()
    page.get_by_label("Điểm tối đa").wait_for()
    settled(page)
    page.get_by_label("Điểm tối đa").fill("1,5")
    page.get_by_role("radio", name="Theo mức").check()
    page.get_by_label("Ngưỡng, mức 1").wait_for()
    settled(page)
    expect(page.get_by_label("Mã", exact=True)).to_have_value("1.1")  # nothing typed is lost
    page.get_by_label("Chỉ tiêu", exact=True).fill("1.1-a")
    page.get_by_label("Ngưỡng, mức 1").fill("90")
    page.get_by_label("Điểm, mức 1").fill("1,5")
    expect(page.locator(".chosen-list")).to_contain_text("Nhiệm vụ 1.1")
    page.get_by_role("button", name="Thêm mức").click()
    expect(page.get_by_label("So sánh, mức 2")).to_be_focused()
    page.get_by_label("Ngưỡng, mức 2").fill("70")
    page.get_by_label("Điểm, mức 2").fill("0,75")
    page.get_by_label("Ngoài các mức trên được").fill("0")
    page.get_by_label("Tỷ lệ: 92% hoặc 23/25").fill("23/25")
    expect(sentence(page)).to_have_text("Với 92%: 1,5 điểm")
    page.get_by_label("Tỷ lệ: 92% hoặc 23/25").fill("80%")
    expect(sentence(page)).to_have_text("Với 80%: 0,75 điểm")
    expect(page.locator(".trial-table")).to_contain_text("69,99%")
    # The rule itself is tried as it is typed.
    page.get_by_label("Điểm, mức 2").fill("0,9")
    expect(sentence(page)).to_have_text("Với 80%: 0,9 điểm")
    assert not Criterion.objects.filter(code="1.1").exists()
    page.get_by_role("button", name="Lưu").last.click()
    expect(page.locator(".messages")).to_contain_text("Đã thêm 1.1")
    tiers = Criterion.objects.get(code="1.1").rule["tiers"]
    assert [(tier["at"], tier["points"]) for tier in tiers] == [("90", "1.5"), ("70", "0.9")]

    page.get_by_role("button", name="Đưa vào sử dụng").click()
    expect(page.locator(".messages")).to_contain_text("Đã đưa bộ tiêu chí vào sử dụng")
    assert not CriteriaSet.objects.get().is_draft


def test_on_a_slow_line_the_trial_is_of_what_was_typed_last(visit, office, draft):
    """Answers come while one types on: each must leave what is tried as it now stands."""
    from playwright.sync_api import expect

    # A request that a newer one takes the place of is told to the console.
    page = visit(office.coordinator, expects=REPLACED)
    page.goto(f"/diem/bo-tieu-chi/{draft.pk}/them/?thuoc={draft.group.pk}")
    page.get_by_label("Tự chấm").check()
    page.get_by_label("Điểm tối đa").wait_for()
    settled(page)
    page.get_by_role("radio", name="Theo mức").check()
    page.get_by_label("Ngưỡng, mức 1").wait_for()
    settled(page)
    held = []
    page.route("**/them/**", lambda route: held.append(route))

    def wait_for(count):
        while len(held) < count:
            page.wait_for_timeout(20)

    # Choosing the indicator asks for the whole trial anew; all else is typed before that comes.
    page.get_by_label("Chỉ tiêu", exact=True).fill("1.1-a")
    page.get_by_label("Điểm tối đa").fill("2")
    wait_for(1)
    page.get_by_label("Ngưỡng, mức 1").fill("90")
    page.get_by_label("Điểm, mức 1").fill("2")
    page.get_by_label("Ngoài các mức trên được").fill("0,5")
    wait_for(2)
    answers = 0
    # The earlier answers one by one; what they bring may ask again.
    while answers < len(held) or page.locator(".htmx-request").count():
        if answers < len(held):
            held[answers].continue_()
            answers += 1
        page.wait_for_timeout(100)
    expect(page.locator(".trial-table")).to_contain_text("0,5 điểm")
    expect(page.locator("#trial-result")).not_to_contain_text("Cần ít nhất")

    # A figure typed while an answer is on its way, and once more at the moment it comes.
    page.unroute("**/them/**")
    settled(page)
    held.clear()
    page.route("**/them/**", lambda route: held.append(route))
    page.get_by_label("Ngoài các mức trên được").fill("0,6")
    wait_for(1)
    page.get_by_label("Ngoài các mức trên được").fill("0,7")
    held[0].continue_()
    page.wait_for_timeout(150)  # it is there, and the pause after the typing is not over
    wait_for(2)
    held[1].continue_()
    expect(page.locator(".trial-table")).to_contain_text("0,7 điểm")


def test_kinds_of_rules_are_chosen_by_the_arrow_keys(visit, office, draft):
    from playwright.sync_api import expect

    page = visit(office.coordinator, expects=REPLACED)
    page.goto(f"/diem/bo-tieu-chi/{draft.pk}/them/?thuoc={draft.group.pk}")
    page.get_by_label("Tự chấm").check()
    page.get_by_label("Điểm tối đa").wait_for()
    settled(page)
    page.get_by_role("radio", name="Theo tỷ lệ").check()
    expect(page.get_by_label("Mức sàn")).to_be_visible()
    expect(page.get_by_role("radio", name="Theo tỷ lệ")).to_be_focused()
    settled(page)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Ngưỡng, mức 1")).to_be_visible()
    expect(page.get_by_role("radio", name="Theo mức")).to_be_focused()
    settled(page)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Mỗi đơn vị được")).to_be_visible()


def test_enter_in_a_field_saves_and_takes_no_row_away(visit, office, draft):
    from playwright.sync_api import expect

    page = visit(office.coordinator, expects=("422", *REPLACED))
    page.goto(f"/diem/bo-tieu-chi/{draft.pk}/them/?thuoc={draft.group.pk}")
    page.get_by_label("Tự chấm").check()
    page.get_by_label("Điểm tối đa").wait_for()
    settled(page)
    page.get_by_role("radio", name="Theo mức").check()
    page.get_by_label("Ngưỡng, mức 1").wait_for()
    settled(page)
    page.get_by_label("Ngưỡng, mức 1").fill("chín mươi")
    page.get_by_label("Ngưỡng, mức 1").press("Enter")
    errors = page.locator(".form-errors")
    expect(errors).to_be_focused()
    expect(page.get_by_label("Ngưỡng, mức 1")).to_have_value("chín mươi")
    errors.get_by_role("link", name="Các mức, mức 1").first.click()
    expect(page.get_by_label("Ngưỡng, mức 1")).to_be_focused()


def test_the_form_on_a_phone_passes_axe(visit, office, draft):
    page = visit(office.coordinator, size=PHONE, bypass_csp=True, expects=REPLACED)
    page.goto(f"/diem/bo-tieu-chi/{draft.pk}/them/?thuoc={draft.group.pk}")
    page.get_by_label("Tự chấm").check()
    page.get_by_label("Điểm tối đa").wait_for()
    settled(page)
    page.get_by_role("radio", name="Trừ điểm").check()
    page.get_by_label("Chỉ tiêu, trường hợp 1").fill("1.1-b")
    page.get_by_label("Bắt đầu từ").click()
    page.get_by_label("Số lượng", exact=True).wait_for()
    page.add_script_tag(path=AXE)
    assert not broken_rules(page)


def test_without_scripts_everything_is_there(visit, office, draft):
    from playwright.sync_api import expect

    page = visit(office.coordinator, java_script_enabled=False)
    page.goto(f"/diem/bo-tieu-chi/{draft.pk}/them/?thuoc={draft.group.pk}")
    page.get_by_label("Mã", exact=True).fill("1.1.1")
    page.get_by_label("Tên", exact=True).fill("Văn bản")
    page.get_by_label("Tự chấm").check()
    page.get_by_role("button", name="Chọn loại này").click()
    page.get_by_label("Điểm tối đa").fill("2")
    page.get_by_role("radio", name="Đếm số lượng").check()
    page.get_by_role("button", name="Chọn cách tính này").click()
    page.get_by_label("Chỉ tiêu, chỉ tiêu 1").fill("1.1-b")
    page.get_by_role("button", name="Thêm chỉ tiêu").click()
    page.get_by_label("Chỉ tiêu, chỉ tiêu 2").fill("1.1-d")
    page.get_by_label("Mỗi đơn vị được").fill("0,5")
    page.get_by_role("button", name="Tính thử").click()
    page.get_by_label("Số lượng", exact=True).fill("2")
    page.get_by_label("Trả lời").select_option("Có")
    page.get_by_role("button", name="Tính thử").click()
    expect(sentence(page)).to_have_text("Với 1.1-b 2; 1.1-d có: 1,5 điểm")
    page.get_by_role("button", name="Lưu").last.click()
    expect(page.locator(".messages")).to_contain_text("Đã thêm 1.1.1")
    rule = {"type": "count", "indicators": ["1.1-b", "1.1-d"], "each": "0.5"}
    assert Criterion.objects.get(code="1.1.1").rule == rule
