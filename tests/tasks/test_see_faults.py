"""The page of faults: what each check finds and what it leaves alone, who sees which (R3, R18a, R36)."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from season import Office, at

from plans.models import Duty, Indicator
from tasks.faults import CHECKS, find_faults, read_facts
from tasks.models import Answer, Document, Evidence, Report, StoredFile

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


class Desk(Office):
    """The office with reports that were sent, and short ways to what they say."""

    def __init__(self, code="SGDDT"):
        super().__init__(code)
        self.coordinator = self.heads["VP"]
        self.send_all_reports()

    def send_all_reports(self, state="submitted"):
        Report.objects.filter(period=self.period).update(
            state=state, first_submitted_at=timezone.now(), submitted_at=timezone.now()
        )
        for report in self.reports.values():
            report.refresh_from_db()

    def indicator(self, kind, task=0, **given):
        count = Indicator.objects.filter(task=self.tasks[task]).count() + 1
        code = f"{self.tasks[task].code}-{'abcdefghijklmnop'[count - 1]}"
        return Indicator.objects.create(
            task=self.tasks[task], code=code, name=f"Chỉ tiêu {code}", kind=kind, order=count,
            **given,
        )  # fmt: skip

    def answer(self, indicator, unit="TCCB", **given):
        report = self.reports[unit, indicator.task.code]
        return Answer.objects.create(report=report, indicator=indicator, **given)

    def document(self, number="12/KH", *, file=True, issued_on=dt.date(2019, 3, 1), **given):
        document = Document.objects.create(
            agency=self.agency, unit=self.units["TCCB"], number=number, issued_on=issued_on, **given
        )
        if file:
            StoredFile.objects.create(
                document=document, name="a.pdf", path="x", sha256=f"{document.pk:064}", size=1,
                content_type="application/pdf",
            )  # fmt: skip
        return document

    def prove(self, document, unit="TCCB", task="1.1", indicator=None):
        return Evidence.objects.create(
            report=self.reports[unit, task], document=document, indicator=indicator
        )

    def kinds(self, user=None):
        facts = read_facts(self.period, user or self.coordinator)
        return sorted(fault.kind for fault in find_faults(facts))

    def words(self, kind):
        facts = read_facts(self.period, self.coordinator)
        return [fault.words for fault in find_faults(facts) if fault.kind == kind]


@pytest.fixture
def desk(morning):
    return Desk()


def test_nothing_wrong_nothing_found(desk):
    boolean = desk.indicator("boolean")
    desk.answer(boolean, holds=True)
    desk.prove(desk.document(), indicator=boolean)
    assert desk.kinds() == []


# -- Done without evidence ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "target", "answer", "found"),
    [
        ("boolean", {}, {"holds": True}, True),
        ("boolean", {}, {"holds": False}, False),
        ("ratio", {"op": ">", "target": 10}, {"numerator": 2, "denominator": 10}, True),
        ("ratio", {"op": ">", "target": 10}, {"numerator": 1, "denominator": 10}, False),
        ("ratio", {"op": ">", "target": 10}, {"numerator": 0, "denominator": 0}, False),
        ("ratio", {}, {"numerator": 2, "denominator": 10}, False),
        ("count", {"op": ">=", "target": 4}, {"amount": 4}, True),
        ("date", {}, {"day": dt.date(2019, 3, 1)}, True),
        ("document", {}, {}, True),
        ("boolean", {}, {"state": "not_ours", "reason": "x"}, False),
        ("document", {}, {"state": "missing"}, False),
    ],
)
def test_done_without_evidence(desk, kind, target, answer, found):
    indicator = desk.indicator(kind, **target)
    desk.answer(indicator, **answer)
    assert desk.kinds() == (["no_evidence"] if found else [])
    desk.prove(desk.document())  # of the whole report
    assert desk.kinds() == []


def test_evidence_of_another_indicator_does_not_count(desk):
    wanted, other = desk.indicator("boolean"), desk.indicator("boolean")
    desk.answer(wanted, holds=True)
    desk.prove(desk.document(), indicator=other)
    assert desk.kinds() == ["no_evidence"]
    desk.prove(Document.objects.get(), indicator=wanted)
    assert desk.kinds() == []


# -- Documents ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"file": False}, "no_file", "không có tệp hay liên kết"),
        ({"number": "", "subject": "Ảnh"}, "no_number", "không có số, ký hiệu."),
        ({"issued_on": None}, "no_number", "không có ngày ban hành."),
        ({"is_draft": True}, "draft", "còn là dự thảo"),
        ({"issued_on": dt.date(2020, 1, 1)}, "late_document", "sau ngày khóa kỳ 31/12/2019"),
        ({"in_force_until": dt.date(2019, 11, 18)}, "out_of_force", "sau ngày 18/11/2019"),
    ],
)
def test_what_is_wrong_with_a_document(desk, given, kind, words):
    desk.prove(desk.document(**given))
    assert desk.kinds() == [kind]
    assert words in desk.words(kind)[0]


def test_a_link_stands_for_a_file_and_the_last_day_is_in_force(desk):
    desk.prove(
        desk.document(file=False, url="https://vb.vn/1", in_force_until=dt.date(2019, 11, 19))
    )
    assert desk.kinds() == []


def test_a_document_after_its_indicators_own_day(desk):
    indicator = desk.indicator("document", due_quarter=1)
    desk.answer(indicator, document=desk.document(issued_on=dt.date(2019, 3, 31)))
    assert desk.kinds() == []
    Document.objects.update(issued_on=dt.date(2019, 4, 1))
    assert desk.words("late_document") == [
        "12/KH ngày 01/04/2019 ban hành sau hạn 31/03/2019 của chỉ tiêu."
    ]


def test_a_figures_own_document_is_said_once(desk):
    indicator = desk.indicator("document")
    document = desk.document(file=False)
    desk.answer(indicator, document=document)
    desk.prove(document, indicator=indicator)
    assert desk.kinds() == ["no_file"]


@pytest.mark.parametrize(("problem", "words"), [("missing", "không còn"), ("altered", "khác lúc")])
def test_broken_files(desk, problem, words):
    desk.prove(desk.document())
    StoredFile.objects.update(problem=problem)
    assert desk.kinds() == ["broken_file"]
    assert words in desk.words("broken_file")[0]


def test_the_same_document_spelled_twice_is_the_offices_to_join(desk):
    for issuer in ("Sở GDĐT", "Sở Giáo dục và Đào tạo"):
        desk.prove(desk.document(issuer=issuer))
    assert desk.kinds() == ["twice", "twice"]
    assert desk.kinds(desk.director) == []
    Document.objects.filter(issuer="Sở GDĐT").update(issued_on=dt.date(2019, 3, 2))
    assert desk.kinds() == []


# -- Figures ------------------------------------------------------------------------------------


def test_units_that_contradict_each_other(desk):
    boolean = desk.indicator("boolean")
    desk.answer(boolean, "TCCB", holds=False)
    desk.answer(boolean, "KHTC", holds=False)
    assert desk.kinds() == []
    Answer.objects.filter(report__unit__code="KHTC").update(holds=True)
    desk.prove(desk.document(), "KHTC")
    assert desk.words("disagree") == [
        "Các đơn vị trả lời khác nhau – Phòng TCCB: không; Phòng KHTC: có."
    ]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ((15, 40), (15, 40), False),
        ((15, 40), (16, 40), True),
        ((15, 40), (16, 41), False),
        ((1, 5), (2, 5), False),
    ],
)
def test_the_same_whole_with_different_parts(desk, one, other, found):
    ratio = desk.indicator("ratio")
    desk.answer(ratio, "TCCB", numerator=one[0], denominator=one[1])
    desk.answer(ratio, "KHTC", numerator=other[0], denominator=other[1])
    assert desk.kinds() == (["disagree"] if found else [])


@pytest.mark.parametrize(("issuer", "found"), [("SỞ GDDT", True), ("UBND tỉnh", False)])
def test_different_documents_of_one_issuer(desk, issuer, found):
    indicator = desk.indicator("document")
    desk.answer(indicator, "TCCB", document=desk.document("1/KH", issuer="Sở GDĐT"))
    desk.answer(indicator, "KHTC", document=desk.document("2/KH", issuer=issuer))
    assert desk.kinds() == (["disagree"] if found else [])


def test_an_answer_beside_the_source(desk):
    indicator = desk.indicator("count", source=desk.units["VP"])
    desk.answer(indicator, "VP", amount=1)
    assert desk.kinds() == []
    desk.answer(indicator, "TCCB", amount=1)
    assert desk.kinds() == ["not_asked"]


def test_a_part_above_its_whole(desk):
    ratio = desk.indicator("ratio")
    desk.answer(ratio, numerator=Decimal("10.5"), denominator=10)
    assert desk.words("above_whole") == ["Phần đạt 10,5 lớn hơn tổng số 10."]
    Indicator.objects.update(may_exceed=True)
    assert desk.kinds() == []


@pytest.mark.parametrize(
    "answer", [{"state": "not_arising", "reason": "Không có"}, {"numerator": 0, "denominator": 0}]
)
def test_accepted_not_arising_is_listed(desk, answer):
    desk.answer(desk.indicator("ratio"), **answer)
    assert desk.kinds() == []
    desk.send_all_reports("accepted")
    assert desk.kinds() == ["not_arising"]
    assert answer.get("reason", "Không nêu lý do") in desk.words("not_arising")[0]


def test_released_and_retired_reports_have_no_faults(desk):
    desk.answer(desk.indicator("boolean"), holds=True)
    Report.objects.filter(unit__code="TCCB").update(released_at=timezone.now())
    assert desk.kinds() == []


# -- The page -----------------------------------------------------------------------------------


@pytest.fixture
def see(client):
    def call(user, **query):
        client.force_login(user, backend=BACKEND)
        return client.get(reverse("fault_list"), query)

    return call


def text_of(page):
    return " ".join(page.content.decode().split())


@pytest.fixture
def wrong(desk):
    boolean = desk.indicator("boolean")
    desk.answer(boolean, "TCCB", holds=True)
    desk.prove(desk.document(file=False), "KHTC", "1.2")
    return boolean


def test_the_office_and_the_leaders_see_all_with_a_way_there(see, desk, wrong):
    for person, name in ((desk.coordinator, "review_report"), (desk.director, "report_detail")):
        page = see(person)
        text = text_of(page)
        assert [row.fault.kind for row in page.context["rows"]] == ["no_evidence", "no_file"]
        assert "Ghi là có thực hiện nhưng không có tài liệu kiểm chứng nào." in text
        assert reverse(name, args=[desk.reports["TCCB", "1.1"].pk]) in text


def test_filters_and_counts(see, desk, wrong):
    page = see(desk.coordinator, **{"don-vi": "KHTC"})
    assert [row.unit_text for row in page.context["rows"]] == ["Phòng KHTC"]
    page = see(desk.coordinator, loai="no_evidence")
    assert [row.unit_text for row in page.context["rows"]] == ["Phòng TCCB"]
    assert [(kind, count) for kind, _, count in page.context["kinds"]] == [
        ("no_evidence", 1),
        ("no_file", 1),
    ]
    assert "Không có sai sót nào khớp" in text_of(see(desk.coordinator, **{"don-vi": "XX"}))
    assert len(see(desk.coordinator, loai="x", ky="x", page="x").context["rows"]) == 2


def test_a_unit_sees_its_own_and_goes_to_its_form(see, desk, wrong):
    report = desk.reports["TCCB", "1.1"]
    Report.objects.filter(pk=report.pk).update(state="returned")
    page = see(desk.writers["TCCB"])
    assert [row.fault.kind for row in page.context["rows"]] == ["no_evidence"]
    form = reverse("report_form", args=[report.pk])
    assert f"{form}#a{wrong.pk}" in text_of(page)
    assert "Phòng KHTC" not in text_of(page)


def test_a_contradiction_is_both_units_but_drafts_stay_their_own(see, desk):
    boolean = desk.indicator("boolean")
    for unit, holds in (("TCCB", False), ("KHTC", True)):
        desk.answer(boolean, unit, holds=holds)
        Duty.objects.create(
            period=desk.period, task=desk.tasks[0], unit=desk.units[unit], role="implement"
        )
    kinds = [row.fault.kind for row in see(desk.writers["TCCB"]).context["rows"]]
    assert kinds == ["disagree"]
    Report.objects.filter(unit__code="KHTC").update(
        state="draft", first_submitted_at=None, submitted_at=None
    )
    assert see(desk.writers["TCCB"]).context["rows"] == []
    assert see(desk.coordinator).context["rows"] == []
    assert [r.fault.kind for r in see(desk.writers["KHTC"]).context["rows"]] == [
        "no_evidence",
        "disagree",
    ]


def test_a_returned_report_shows_the_office_nothing_of_what_its_unit_changes(see, desk):
    desk.answer(desk.indicator("boolean"), holds=True)
    assert desk.kinds() == ["no_evidence"]
    Report.objects.filter(unit__code="TCCB").update(state="returned")
    assert desk.kinds() == []
    assert desk.kinds(desk.writers["TCCB"]) == ["no_evidence"]


def test_who_may_not(see, desk, wrong):
    desk.writers["KHTC"].roles = ["administrator"]
    desk.writers["KHTC"].save()
    assert see(desk.writers["KHTC"]).status_code == 403
    stranger = Desk("SNV")
    assert see(stranger.coordinator, ky=desk.period.pk).context["rows"] == []


def test_without_any_period_the_page_stands(see, desk):
    desk.period.opened_at = None
    desk.period.save()
    assert "Chưa có kỳ báo cáo nào" in text_of(see(desk.coordinator))


def test_queries_do_not_grow(see, desk):
    def count():
        see(desk.coordinator)
        with CaptureQueriesContext(connection) as queries:
            assert see(desk.coordinator).status_code == 200
        return len(queries)

    boolean = desk.indicator("boolean")
    desk.answer(boolean, "TCCB", holds=True)
    desk.prove(desk.document(file=False), "TCCB", "1.2")
    before = count()
    desk.answer(boolean, "KHTC", holds=False)
    desk.answer(boolean, "VP", holds=True)
    for task in range(1, 4):
        desk.answer(desk.indicator("boolean", task), "KHTC", holds=True)
        desk.prove(desk.document(f"{task}/KH", is_draft=True), "KHTC", f"1.{task + 1}")
    assert count() == before


def test_every_check_says_what_it_finds():
    assert all((check.run.__doc__ or "").strip() for check in CHECKS)
    assert len({check.kind for check in CHECKS}) == len(CHECKS)
