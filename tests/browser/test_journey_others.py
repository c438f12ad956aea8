"""What goes wrong while one types, and loses nothing: two editors, the session's end, no connection, no mouse."""

import pytest

from plans.models import Indicator
from tasks.models import Answer
from tasks.states import State
from tests.browser.browsing import (
    PASSWORD,
    PHONE,
    end_session,
    field,
    fill_all,
    reread,
    saved,
    sign_in,
)

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser


def form_of(report):
    return f"/bao-cao/{report.pk}/soan/"


def state_of(page):
    return page.locator("[data-autosave-state]")


def test_two_editors_see_both_and_choose(visit, office):
    from playwright.sync_api import expect

    head, writer = visit(office.head, expects=("409",)), visit(office.writer)
    for page in (head, writer):
        page.goto(form_of(office.report))
    writer.locator("#text").fill("Soạn: hai đợt kiểm tra.")
    field(writer, office, "1.1-c", "amount").fill("7,5")
    saved(writer)

    head.locator("#text").fill("Trưởng: ba đợt kiểm tra.")
    field(head, office, "1.1-b", "amount").fill("4")
    conflict = head.locator(".conflict")
    expect(conflict).to_contain_text("Lê Văn Soạn đã lưu báo cáo này")
    expect(conflict).to_contain_text("Soạn: hai đợt kiểm tra.")
    expect(conflict).to_contain_text("Trưởng: ba đợt kiểm tra.")
    expect(conflict).to_contain_text("7,5")
    expect(state_of(head)).to_have_attribute("data-state", "conflict")
    expect(head.locator("#text")).to_have_value("Trưởng: ba đợt kiểm tra.")
    assert reread(office.report).text == "Soạn: hai đợt kiểm tra."  # not overwritten

    # Where the head typed nothing the other's words are chosen already; the head keeps his own text.
    conflict.get_by_role("button", name="Lưu theo lựa chọn").click()
    expect(head.locator(".conflict")).to_have_count(0)
    expect(head.locator("#text")).to_have_value("Trưởng: ba đợt kiểm tra.")
    expect(field(head, office, "1.1-c", "amount")).to_have_value("7,5")
    assert reread(office.report).text == "Trưởng: ba đợt kiểm tra."
    answers = {a.indicator.code: a.amount for a in Answer.objects.select_related("indicator")}
    assert (answers["1.1-b"], str(answers["1.1-c"]).rstrip("0")) == (4, "7.5")


def test_a_second_tab_of_the_same_person(visit, office):
    from playwright.sync_api import expect

    page = visit(office.writer, expects=("409",))
    page.goto(form_of(office.report))
    other = page.context.new_page()
    other.goto(form_of(office.report))
    other.locator("#text").fill("Ở tab hai.")
    saved(other)
    page.locator("#text").fill("Ở tab một.")
    expect(page.locator(".conflict")).to_contain_text("Chính bạn đã lưu")
    page.locator(".conflict").get_by_role("radio", name="Bản đã lưu").check()
    page.get_by_role("button", name="Lưu theo lựa chọn").click()
    expect(page.locator(".conflict")).to_have_count(0)
    expect(page.locator("#text")).to_have_value("Ở tab hai.")


def test_what_is_typed_after_the_sessions_end_is_back_after_signing_in(visit, office):
    from playwright.sync_api import expect

    page = visit(office.writer, expects=("401",))
    page.goto(form_of(office.report))
    end_session(office.writer)
    page.locator("#text").fill("Gõ khi phiên đã hết.")
    page.locator("#difficulties").focus()
    expect(state_of(page)).to_contain_text("Phiên đăng nhập đã hết")
    expect(page.locator("#text")).to_have_value("Gõ khi phiên đã hết.")
    page.on("dialog", lambda dialog: dialog.accept())  # leaving with unsaved changes
    page.get_by_role("link", name="Đăng nhập lại để lưu").click()
    sign_in(page, office.writer)
    page.get_by_role("button", name="Khôi phục nội dung chưa lưu").click()
    expect(page.locator("#text")).to_have_value("Gõ khi phiên đã hết.")
    saved(page)
    assert reread(office.report).text == "Gõ khi phiên đã hết."


def test_a_form_sent_after_the_sessions_end_comes_back_whole(visit, office):
    from playwright.sync_api import expect

    page = visit(office.head, expects=("401",))
    page.goto(form_of(office.report))
    fill_all(page, office)
    saved(page)
    end_session(office.head)
    page.locator("#text").fill("Sửa lần cuối rồi gửi.")
    page.get_by_role("button", name="Lưu bản đang soạn").click()
    expect(page.get_by_text("Nội dung vừa nhập được giữ lại")).to_be_visible()
    sign_in(page, office.head)
    expect(page.locator("#text")).to_have_value("Sửa lần cuối rồi gửi.")
    expect(page.locator(".report-note")).to_contain_text("chưa được lưu")
    page.get_by_role("button", name="Lưu bản đang soạn").click()
    expect(page.locator(".message.is-success")).to_be_visible()
    assert reread(office.report).text == "Sửa lần cuối rồi gửi."


def test_without_connection_the_state_says_so_and_it_is_saved_later(visit, office):
    from playwright.sync_api import expect

    page = visit(office.writer, size=PHONE, expects=("ERR_INTERNET_DISCONNECTED",))
    page.goto(form_of(office.report))
    page.context.set_offline(True)
    page.locator("#text").fill("Gõ lúc mất mạng.")
    expect(state_of(page)).to_contain_text("mất kết nối")
    expect(state_of(page)).to_be_in_viewport()
    expect(page.locator("#text")).to_have_value("Gõ lúc mất mạng.")
    assert reread(office.report).text == ""
    page.context.set_offline(False)
    saved(page)
    assert reread(office.report).text == "Gõ lúc mất mạng."


def tab_to(page, selector, most=80):
    """Press Tab until the focus is on ``selector``."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def test_from_signing_in_to_the_submitted_report_by_keyboard(visit, office):
    from playwright.sync_api import expect

    task = office.tasks[1]
    ratio = office.add_indicator("1.2-a", "ratio", task=task, op=">=", target=80)
    holds = office.add_indicator("1.2-b", "boolean", task=task)
    assert Indicator.objects.filter(task=task).count() == 2
    report = office.find("1.2")
    page = visit()
    page.goto("/dang-nhap/")
    if not page.evaluate("document.activeElement.matches('[name=username]')"):
        tab_to(page, "[name=username]")
    page.keyboard.type(office.head.email)
    tab_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/viec/**")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.skip-link')")
    page.keyboard.press("Enter")  # past the menu
    tab_to(page, f"a[href='{form_of(report)}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{form_of(report)}")

    tab_to(page, f"[name=a{ratio.pk}-numerator]")
    page.keyboard.type("9")
    tab_to(page, f"[name=a{ratio.pk}-denominator]")
    page.keyboard.type("10")
    tab_to(page, f"[name=a{holds.pk}-holds]")
    page.keyboard.press("Space")
    tab_to(page, "#text")
    page.keyboard.type("Làm bằng bàn phím.")
    tab_to(page, "button[name=then][value=submit]")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()  # no evidence: asked first
    if not page.evaluate("document.activeElement.matches('#confirm-ok')"):
        tab_to(page, "#confirm-ok", most=3)
    page.keyboard.press("Enter")
    expect(page.locator(".message.is-success")).to_be_visible()
    assert reread(report).state == State.SUBMITTED
    assert Answer.objects.get(report=report, indicator=holds).holds is True
