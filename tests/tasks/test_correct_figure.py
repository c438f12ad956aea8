"""The office corrects one figure of a report with a reason that its unit sees."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from review_office import TODAY, ReviewOffice

from accounts.models import Mail, Role
from plans.models import Indicator
from tasks import services
from tasks.answers import Draft
from tasks.consolidation import consolidate
from tasks.corrections import correct_figure
from tasks.models import Answer, Correction, Document, Report, Version
from tasks.trail import Asked, lines_of, read_lines

pytestmark = pytest.mark.django_db
WHY = "Theo văn bản số 12 chỉ có 8 hồ sơ."


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    return ReviewOffice()


@pytest.fixture
def report(office):
    return office.send("TCCB", "2.1", numerator=9, denominator=10, amount=3)


def address(report, name="figure_correct"):
    return reverse(name, args=[report.pk])


def fields(office, report, code="2.1-a", why=WHY, version=None, **typed):
    indicator = office.indicators[code]
    report.refresh_from_db()
    return {
        "indicator": indicator.pk,
        "version": report.version if version is None else version,
        "why": why,
        **{f"a{indicator.pk}-{name}": text for name, text in typed.items()},
    }


def correct(office, report, code="2.1-a", draft=None, by="office", **options):
    return correct_figure(
        report=report,
        indicator=office.indicators[code],
        draft=draft or Draft(numerator=Decimal(8), denominator=Decimal(10)),
        by=office.actor(by),
        **({"reason": WHY} | options),
    )


def figure(office, report, code="2.1-a"):
    return Answer.objects.get(report=report, indicator=office.indicators[code])


# -- What is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["submitted", "accepted"])
def test_a_figure_is_corrected_and_the_state_stays(client, office, report, state):
    if state == "accepted":
        services.accept(reports=[report], by=office.actor("office"))
    before = Report.objects.get(pk=report.pk)
    office.sign_in(client, "office")
    typed = fields(office, report, numerator="8", denominator="10")
    page = client.post(address(report), typed)
    assert page.url == reverse("review_report", args=[report.pk])
    after = Report.objects.get(pk=report.pk)
    assert (after.state, after.version) == (state, before.version + 1)
    assert after.submitted_at == before.submitted_at
    assert figure(office, report).numerator == 8
    assert figure(office, report, "2.1-b").amount == 3, "the other figure stays"
    row = Correction.objects.get()
    assert (row.before, row.after, row.reason) == ("9/10", "8/10", WHY)
    assert (row.actor_name, row.acted_as) == ("Người office", Role.COORDINATOR.label)


def test_what_the_unit_sent_and_what_was_corrected_are_both_kept_whole(office, report):
    correct(office, report)
    first, second = Version.objects.filter(report=report).order_by("number")
    assert first.content["answers"][0]["words"] == "9/10"
    assert second.content["answers"][0]["words"] == "8/10"
    assert second.content["text"] == first.content["text"]
    assert second.reason == f"Đính chính 2.1-a: {WHY}"


def test_the_sum_follows(office, report):
    services.accept(reports=[report], by=office.actor("office"))
    correct(office, report)
    indicator = office.indicators["2.1-a"]
    found = consolidate(office.period, indicators=[indicator])[indicator.pk]
    assert found.words == "8/10 (80%)"


def test_not_arising_takes_the_figure_away(office, report):
    correct(office, report, draft=Draft(state="not_arising", reason="Không có hồ sơ"))
    answer = figure(office, report)
    assert (answer.state, answer.numerator, answer.reason) == (
        "not_arising",
        None,
        "Không có hồ sơ",
    )


def test_a_document_is_registered_and_the_old_one_left_alone(office, report):
    indicator = office.indicators["2.1-a"]
    Indicator.objects.filter(pk=indicator.pk).update(kind="document", op="", target=None)
    indicator.refresh_from_db()
    old = Document.objects.create(
        agency=office.agency,
        unit=report.unit,
        number="1/KH",
        issued_on=dt.date(2019, 1, 2),
        issuer="Sở",
    )
    Answer.objects.filter(report=report, indicator=indicator).update(
        document=old, numerator=None, denominator=None
    )
    draft = Draft(number="2/KH", issued_on=dt.date(2019, 1, 3), issuer="Sở")
    row = correct(office, report, draft=draft)
    assert figure(office, report).document.number == "2/KH"
    old.refresh_from_db()
    assert old.number == "1/KH"
    assert (row.before, row.after) == ("1/KH ngày 02/01/2019 Sở", "2/KH ngày 03/01/2019 Sở")


# -- What the unit sees --------------------------------------------------------------------------


def test_the_unit_is_told_once_each(client, office, report):
    office.sign_in(client, "office")
    typed = fields(office, report, numerator="8", denominator="10")
    client.post(address(report), typed)
    client.post(address(report), typed)  # the same click again
    told = Mail.objects.filter(kind="report_corrected")
    assert sorted(told.values_list("to", flat=True)) == ["head@sgddt.vn", "officer@sgddt.vn"]
    mail = told.first()
    assert "2.1-a" in mail.subject
    for words in (mail.text, mail.html):
        assert "9/10" in words and "8/10" in words and WHY in words
        assert reverse("report_detail", args=[report.pk]) in words
    assert Correction.objects.count() == 1


@pytest.mark.parametrize("name", ["head", "officer", "other_head", "leader", "office"])
def test_who_reads_the_report_reads_who_corrected_what_and_why(client, office, report, name):
    correct(office, report)
    office.sign_in(client, name)
    page = client.get(address(report, "report_detail")).content.decode()
    assert "Số liệu Văn phòng Sở đã đính chính" in page
    assert "9/10 → 8/10" in page and WHY in page and "Người office" in page
    assert "Đính chính và báo đơn vị" not in page, "no form on the page of reading"


def test_it_is_in_the_history_of_the_report(office, report):
    correct(office, report)
    asked = Asked(object_type="tasks.report", object_id=report.pk)
    for name in ("office", "head", "leader"):
        person = office.people[name]
        lines = read_lines(person, list(lines_of(person, asked)))
        line = next(line for line in lines if line.action == "Đính chính số liệu")
        assert (line.changes, line.reason) == ([("2.1-a", "9/10", "8/10")], WHY), name


def test_it_can_be_compared_with_what_was_sent(client, office, report):
    correct(office, report)
    office.sign_in(client, "head")
    page = client.get(address(report, "version_compare")).content.decode()
    assert "<del>9/10</del>" in page and "<ins>8/10</ins>" in page
    assert "Đính chính 2.1-a" in page


# -- Refused -------------------------------------------------------------------------------------


def test_only_the_office_corrects(client, office, report):
    for name in ("head", "officer", "other_head", "vp_head", "leader", "administrator"):
        office.sign_in(client, name)
        typed = fields(office, report, numerator="8", denominator="10")
        assert client.post(address(report), typed).status_code == 403, name
    office.sign_in(client, "office")
    stranger = ReviewOffice("SNV").send("TCCB", "2.1")
    assert client.post(address(stranger), typed).status_code == 404
    assert not Correction.objects.exists()


def test_a_report_its_unit_is_writing_is_not_corrected(client, office, report):
    services.send_back(report=report, by=office.actor("office"), reason="Thiếu")
    office.sign_in(client, "office")
    page = client.post(address(report), fields(office, report, numerator="8", denominator="10"))
    assert page.status_code == 422
    assert "báo cáo này đơn vị đang sửa" in page.content.decode()
    draft = office.fill("KHTC", "2.1")
    with pytest.raises(services.Refused, match="đơn vị đang sửa"):
        correct(office, draft)
    assert not Correction.objects.exists()


def test_nor_one_in_a_closed_period_or_released(client, office, report):
    with time_machine.travel(TODAY + dt.timedelta(days=60)):
        office.sign_in(client, "office")
        typed = fields(office, report, numerator="8", denominator="10")
        page = client.post(address(report), typed)
        assert page.status_code == 403 and "đã khóa" in page.content.decode()
        with pytest.raises(services.Refused, match="đã khóa"):
            correct(office, report)
    Report.objects.filter(pk=report.pk).update(released_at=TODAY, released_reason="Không có")
    with pytest.raises(services.Refused):
        correct(office, report)
    assert figure(office, report).numerator == 9


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"numerator": "11", "denominator": "10"}, "phần không thể lớn hơn toàn bộ"),
        ({"numerator": "-1", "denominator": "10"}, "số âm"),
        ({"numerator": "tám", "denominator": "10"}, "không phải là số"),
        ({"numerator": "8", "denominator": ""}, "chưa có mẫu số"),
        ({"numerator": "0", "denominator": "0"}, "không phát sinh"),
        ({"numerator": "", "denominator": ""}, "chưa có tử số"),
        ({"state": "not_ours", "reason": ""}, "cần nêu lý do"),
        ({"numerator": "9", "denominator": "10"}, "không khác số đang ghi"),
    ],
)
def test_a_wrong_figure_is_refused_and_stays_in_the_form(client, office, report, typed, said):
    office.sign_in(client, "office")
    page = client.post(address(report), fields(office, report, **typed))
    assert page.status_code == 422
    text = page.content.decode()
    assert said in text
    assert WHY in text, "what was typed is still there"
    for value in filter(None, (typed.get("numerator"),)):
        assert f'value="{value}"' in text
    assert figure(office, report).numerator == 9
    assert not Correction.objects.exists() and not Mail.objects.exists()
    report.refresh_from_db()
    assert report.version == fields(office, report)["version"]


def test_without_a_reason_nothing_is_corrected(client, office, report):
    office.sign_in(client, "office")
    typed = fields(office, report, why="  ", numerator="8", denominator="10")
    page = client.post(address(report), typed)
    assert page.status_code == 422 and "Hãy nêu lý do" in page.content.decode()
    assert figure(office, report).numerator == 9


def test_a_report_changed_since_it_was_shown_is_not_corrected_unseen(client, office, report):
    seen = report.version
    correct(office, report, by="chief")
    office.sign_in(client, "office")
    typed = fields(office, report, version=seen, numerator="7", denominator="10")
    page = client.post(address(report), typed)
    assert page.status_code == 422
    assert "vừa được người khác thay đổi" in page.content.decode()
    assert figure(office, report).numerator == 8


def test_an_indicator_the_unit_is_not_asked_is_not_corrected(client, office, report):
    office.sign_in(client, "office")
    typed = fields(office, report, code="2.2-a", numerator="8", denominator="10")
    assert client.post(address(report), typed).status_code == 404
    Indicator.objects.filter(code="2.1-a").update(source=office.units["KHTC"])
    typed = fields(office, report, numerator="8", denominator="10")
    assert client.post(address(report), typed).status_code == 404
    office.indicators["2.1-a"].refresh_from_db()
    with pytest.raises(services.Refused, match="không trả lời chỉ tiêu"):
        correct(office, report)


# -- The page ------------------------------------------------------------------------------------


def test_the_page_of_review_has_a_form_for_each_figure(client, office, report):
    office.sign_in(client, "office")
    page = client.get(address(report, "review_report"))
    assert page.content.decode().count(f'action="{address(report)}') == 2
    assert [q.inputs[0].value for q in page.context["correcting"]] == ["9", "3"]
    assert [q.target for q in page.context["correcting"]] == ["≥ 90%", "không đặt mức"]
    services.send_back(report=report, by=office.actor("office"), reason="Thiếu")
    page = client.get(address(report, "review_report")).content.decode()
    assert address(report) not in page


def test_queries_do_not_grow_with_corrections(client, office, report):
    def count(name):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(report, name)).status_code == 200
        return len(captured)

    office.sign_in(client, "office")
    correct(office, report)
    before = count("review_report"), count("report_detail")
    for n in (7, 6, 5):
        correct(office, report, draft=Draft(numerator=Decimal(n), denominator=Decimal(10)))
    assert (count("review_report"), count("report_detail")) == before
