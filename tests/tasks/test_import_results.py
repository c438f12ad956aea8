"""An operator imports results typed elsewhere: every kind of value, every fault, all or nothing, twice."""

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.history import Actor
from accounts.models import Agency, AuditEntry, Unit, User
from accounts.reading import Faulty
from plans.models import Indicator, Period
from tasks import services
from tasks.consolidation import consolidate, previous_values
from tasks.importing.routes import route
from tasks.models import Answer, Document, Report, Transition, Version
from tasks.periods import open_period, release
from tasks.states import Action, State

PLAN = """
schema: cchc-plan/1
agency: {code: SGDDT, name: Sở Giáo dục và Đào tạo, province: Bà Rịa – Vũng Tàu}
plan: {code: KH-19, title: Kế hoạch, years: [2019, 2020], due_before: "20/11", receiving_unit: VP}
units:
  - {code: VP, name: Văn phòng Sở, kind: office}
  - {code: TCCB, name: Phòng Tổ chức cán bộ}
  - {code: KHTC, name: Phòng Kế hoạch tài chính}
  - {code: DV1, name: Đơn vị trực thuộc, kind: subordinate}
groups:
  - {code: PHONG, name: Các phòng, members: [TCCB, KHTC]}
areas:
  - code: "1"
    name: Chỉ đạo
    assignments: {lead: [VP], implement: [PHONG]}
    tasks:
      - code: "1.1"
        title: Mọi loại số liệu
        indicators:
          - {code: 1.1-r, name: Hồ sơ đúng hạn, kind: ratio, op: ">=", target: "90"}
          - {code: 1.1-c, name: Số hình thức, kind: count}
          - {code: 1.1-m, name: Số tiền, kind: amount}
          - {code: 1.1-b, name: Có thực hiện, kind: boolean}
          - {code: 1.1-d, name: Kế hoạch được ban hành, kind: document}
          - {code: 1.1-t, name: Ngày công khai, kind: date}
      - code: "1.2"
        title: So với năm trước
        indicators:
          - {code: 1.2-a, name: Hồ sơ trực tuyến, kind: ratio, op: ">", target: previous_year}
"""
HEAD = """schema: cchc-results/1
agency: SGDDT
plan: KH-19
year: 2019
reports:
"""
EVERY_KIND = (
    HEAD
    + """  - unit: VP
    task: "1.1"
    state: accepted
    submitted_at: 2019-11-15T16:20:00+07:00
    text: Đã ban hành đủ kế hoạch.
    difficulties: null
    values:
      1.1-r: {numerator: "12.5", denominator: "13"}
      1.1-c: {value: "3"}
      1.1-m: {value: "1234.5"}
      1.1-b: {value: true}
      1.1-d: {number: 12/KH-SGDĐT, issued_on: 2019-01-15, issuer: Sở GDĐT}
      1.1-t: {value: 2019-03-01}
  - unit: TCCB
    task: "1.1"
    state: submitted
    submitted_at: 2019-11-20T00:00:00+07:00
    values:
      1.1-r: {not_arising: true, reason: Không có hồ sơ}
      1.1-c: {value: "0"}
      1.1-m: {not_ours: true, reason: Phòng không quản lý tiền}
      1.1-b: {value: false}
      1.1-d: {number: 12/KH-SGDĐT, issued_on: 2019-01-15, issuer: Sở GDĐT}
      1.1-t: {missing: true}
  - unit: KHTC
    task: "1.1"
    state: draft
    difficulties: Thiếu người
    values:
      1.1-r: {numerator: "4"}
  - unit: KHTC
    task: "1.2"
    state: returned
    submitted_at: 2019-11-19T23:59:59+07:00
    reason: Chưa rõ mẫu số
    values:
      1.2-a: {numerator: "0", denominator: "0"}
"""
)
NOW = dt.datetime(2019, 12, 2, 9, tzinfo=timezone.get_default_timezone())
COUNTED = (Report, Answer, Document, Transition, Version, AuditEntry, Period)


@pytest.fixture(autouse=True)
def _december():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plan(db, tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, "utf-8")
    call_command("import_plan", str(path), stdout=StringIO())
    plan = Agency.objects.get(code="SGDDT").plans.get()
    open_period(plan=plan, year=2019, by=Actor.system())
    return plan


@pytest.fixture
def load(tmp_path):
    def load(text, *args):
        path = tmp_path / "kết quả.yaml"
        path.write_text(text, "utf-8")
        out, err = StringIO(), StringIO()
        call_command("import_results", str(path), *args, stdout=out, stderr=err)
        return out.getvalue().splitlines(), err.getvalue()

    return load


@pytest.fixture
def refused(tmp_path):
    """The faults of a file that is refused, each «dòng N, place: message»; nothing is written."""

    def refused(text):
        path = tmp_path / "faulty.yaml"
        path.write_text(text, "utf-8")
        before, err = contents(), StringIO()
        with pytest.raises(CommandError, match="chưa ghi gì"):
            call_command("import_results", str(path), stdout=StringIO(), stderr=err)
        assert contents() == before
        return err.getvalue().splitlines()

    return refused


def contents():
    return [model.objects.count() for model in COUNTED]


def report(unit, task, year=2019):
    return Report.objects.get(period__year=year, unit__code=unit, task__code=task)


def answer(unit, code):
    return Answer.objects.get(report__unit__code=unit, indicator__code=code)


# -- What is written ------------------------------------------------------------------------------


def test_every_kind_of_value_in_every_state(plan, load):
    lines, err = load(EVERY_KIND)
    assert lines[-1] == "4 reports, 14 values, 0 scores"
    ratio, amount = answer("VP", "1.1-r"), answer("VP", "1.1-m")
    assert (ratio.numerator, ratio.denominator) == (Decimal("12.5"), Decimal(13))
    assert (answer("VP", "1.1-c").amount, amount.amount) == (Decimal(3), Decimal("1234.5"))
    assert answer("VP", "1.1-b").holds is True
    assert answer("TCCB", "1.1-b").holds is False
    assert answer("VP", "1.1-t").day == dt.date(2019, 3, 1)
    assert answer("TCCB", "1.1-t").state == "missing"
    assert (answer("TCCB", "1.1-r").state, answer("TCCB", "1.1-r").reason) == (
        "not_arising",
        "Không có hồ sơ",
    )
    assert answer("TCCB", "1.1-m").state == "not_ours"
    # R17: one document for both units; its registrar is the first.
    document = Document.objects.get()
    assert answer("VP", "1.1-d").document == answer("TCCB", "1.1-d").document == document
    assert (document.number, document.unit.code) == ("12/KH-SGDĐT", "VP")
    assert document.subject == "Kế hoạch được ban hành"
    # A draft may lack parts; 0 of 0 is an answer of its own.
    assert answer("KHTC", "1.1-r").denominator is None
    assert answer("KHTC", "1.2-a").state == "not_arising"
    assert report("KHTC", "1.1").difficulties == "Thiếu người"
    assert [report(*key).state for key in (("VP", "1.1"), ("TCCB", "1.1"), ("KHTC", "1.2"))] == [
        "accepted",
        "submitted",
        "returned",
    ]
    assert report("VP", "1.2").state == "not_started"
    assert "chưa có số liệu" not in err


def test_lateness_is_the_time_of_submission(plan, load):
    load(EVERY_KIND)
    assert report("TCCB", "1.1").is_late  # 20/11 00:00 is late
    assert not report("KHTC", "1.2").is_late  # 19/11 23:59:59 is not
    assert not report("VP", "1.1").is_late


def test_history_and_versions_are_kept(plan, load):
    load(EVERY_KIND)
    moves = Transition.objects.filter(report=report("KHTC", "1.2"))
    assert [(m.action, m.from_state, m.to_state) for m in moves] == [
        ("submit", "not_started", "submitted"),
        ("return", "submitted", "returned"),
    ]
    assert moves[1].reason == "Chưa rõ mẫu số"
    assert moves[0].at == report("KHTC", "1.2").submitted_at
    assert moves[0].basis == "Nạp từ tệp kết quả.yaml"
    assert [m.action for m in Transition.objects.filter(report=report("KHTC", "1.1"))] == ["start"]
    version = Version.objects.get(report=report("VP", "1.1"))
    assert version.number == 1
    assert [a["words"] for a in version.content["answers"]][:2] == ["12,5/13", "3"]
    trail = AuditEntry.objects.get(
        object_type="tasks.report",
        object_id=report("VP", "1.1").pk,
        action="Nạp kết quả từ tệp",
    )
    assert trail.changes["1.1-c"] == [None, "3"]
    assert Version.objects.count() == 3


def test_a_person_acts_for_other_units(plan, load):
    office = User.objects.create_user(
        "vp@example.vn",
        name="Chánh Văn phòng",
        unit=Unit.objects.get(code="VP"),
        roles=["coordinator"],
    )
    load(EVERY_KIND, "--by", "vp@example.vn")
    own = Transition.objects.filter(report=report("VP", "1.1")).first()
    other = Transition.objects.filter(report=report("TCCB", "1.1")).first()
    assert (own.actor, own.own_unit, own.for_unit) == (office, True, None)
    assert (other.own_unit, other.for_unit.code) == (False, "TCCB")


def test_the_same_file_twice_changes_nothing(plan, load):
    load(EVERY_KIND)
    before = contents()
    versions = list(Report.objects.values_list("version", flat=True))
    lines, _ = load(EVERY_KIND)
    assert lines == ["Báo cáo: không có gì thay đổi.", "4 reports, 14 values, 0 scores"]
    assert contents() == before
    assert list(Report.objects.values_list("version", flat=True)) == versions


def test_a_corrected_file_is_sent_anew_and_shows_it(plan, load):
    load(EVERY_KIND)
    load(EVERY_KIND.replace('{value: "3"}', '{value: "4"}').replace("11-15T16:20", "11-25T16:20"))
    assert answer("VP", "1.1-c").amount == 4
    changed = report("VP", "1.1")
    assert changed.state == "accepted"
    assert changed.is_late  # the file corrects what a file said
    assert [m.action for m in Transition.objects.filter(report=changed)] == [
        "submit",
        "accept",
        "reopen",
        "submit",
        "accept",
    ]
    assert Version.objects.filter(report=changed).count() == 2
    assert Version.objects.filter(report=report("TCCB", "1.1")).count() == 1


def test_what_a_unit_sent_itself_stays_on_time(plan, load):
    mine = report("VP", "1.2")
    indicator = Indicator.objects.get(code="1.2-a")
    Answer.objects.create(report=mine, indicator=indicator, numerator=1, denominator=2)
    Report.objects.filter(pk=mine.pk).update(text="Đã làm", state=State.DRAFT)
    sent = dt.datetime(2019, 11, 1, 8, tzinfo=timezone.get_default_timezone())
    services.submit(report=report("VP", "1.2"), by=Actor.system(), at=sent)
    load(
        HEAD
        + """  - {unit: VP, task: "1.2", state: accepted, submitted_at: 2019-11-28T08:00:00+07:00,
     values: {1.2-a: {numerator: "2", denominator: "2"}}}
"""
    )
    mine.refresh_from_db()
    assert (mine.state, mine.is_late, mine.first_submitted_at) == ("accepted", False, sent)


def test_what_the_file_does_not_name_stays(plan, load):
    load(EVERY_KIND)
    load(HEAD + '  - {unit: KHTC, task: "1.1", state: draft, text: Mới viết}\n')
    kept = report("KHTC", "1.1")
    assert (kept.text, kept.difficulties) == ("Mới viết", "Thiếu người")
    assert answer("KHTC", "1.1-r").numerator == 4


def test_a_sent_report_with_gaps_is_taken_and_named(plan, load):
    _, err = load(
        HEAD
        + """  - {unit: VP, task: "1.1", state: accepted, submitted_at: 2019-11-15T16:20:00+07:00,
     values: {1.1-c: {value: "3"}}}
"""
    )
    assert "VP 1.1: chưa có số liệu 1.1-r, 1.1-m, 1.1-b, 1.1-d, 1.1-t" in err


def test_dry_run_writes_nothing(plan, load):
    before = contents()
    lines, _ = load(EVERY_KIND, "--dry-run")
    assert contents() == before
    assert lines[0] == "Tệp đúng; sẽ thay đổi 4 báo cáo. Chưa ghi gì."


def test_a_closed_period_takes_results(plan, load):
    with time_machine.travel(dt.datetime(2021, 5, 5, 9, tzinfo=dt.UTC)):
        assert Period.objects.get(year=2019).is_closed()
        lines, _ = load(EVERY_KIND)
    assert lines[-1].startswith("4 reports")


# -- The year before ------------------------------------------------------------------------------

HISTORY = (
    HEAD.replace("2019", "2018")
    + """  - {unit: VP, task: "1.2", state: accepted, values: {1.2-a: {numerator: "20", denominator: "100"}}}
  - {unit: DV1, task: "1.2", state: accepted, submitted_at: 2018-12-01T08:00:00+07:00,
     values: {1.2-a: {numerator: "10", denominator: "50"}}}
"""
)


def test_a_year_before_the_plan_is_history_and_serves_targets(plan, load):
    lines, _ = load(HISTORY)
    assert lines[-1] == "2 reports, 2 values, 0 scores"
    history = Period.objects.get(year=2018)
    assert history.is_history and history.is_closed(dt.date(2018, 6, 1))
    assert history.pk not in Period.objects.running(dt.date(2018, 6, 1)).values_list(
        "pk", flat=True
    )
    period = Period.objects.get(year=2019)
    indicator = Indicator.objects.get(code="1.2-a")
    before = previous_values(period, [indicator])["1.2-a"]
    assert (before.numerator, before.denominator) == (30, 150)
    load(
        HEAD
        + """  - {unit: VP, task: "1.2", state: accepted, submitted_at: 2019-11-15T16:20:00+07:00,
     values: {1.2-a: {numerator: "21", denominator: "100"}}}
"""
    )
    assert consolidate(period)[indicator.pk].verdict.status == "met"


def test_history_twice_and_only_accepted(plan, load, refused):
    load(HISTORY)
    before = contents()
    lines, _ = load(HISTORY)
    assert lines[0] == "Báo cáo: không có gì thay đổi."
    assert contents() == before
    faults = refused(HISTORY.replace("state: accepted, values", "state: draft, values"))
    assert faults == [
        "dòng 6, VP 1.2, state: năm 2018 là số liệu lịch sử, chỉ nhận báo cáo đã duyệt (accepted)"
    ]


# -- Faults ---------------------------------------------------------------------------------------


def one(values="", **fields):
    """A file of one report; its values stand on line 10."""
    given = {
        "unit": "VP",
        "task": '"1.1"',
        "state": "accepted",
        "submitted_at": "2019-11-15T16:20:00+07:00",
        **fields,
    }
    rows = [f"{key}: {value}" for key, value in given.items() if value]
    rows += ["values:", f"  {values}"] if values else []
    return HEAD + "  - " + "\n    ".join(rows) + "\n"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (
            '1.1-r: {numerator: "14", denominator: "13"}',
            "1.1-r, numerator: Tử số 14 lớn hơn mẫu số 13",
        ),
        ('1.1-r: {numerator: "-1", denominator: "13"}', "1.1-r, numerator: Tử số -1 là số âm"),
        ('1.1-r: {numerator: "1"}', "1.1-r: chưa có mẫu số."),
        ('1.1-r: {value: "3"}', "1.1-r, value: chỉ tiêu loại tỷ lệ cần numerator, denominator"),
        ("1.1-r: {numerator: 1.5, denominator: 2}", "số thập phân, mã có dấu chấm"),
        ('1.1-r: {numerator: "1,5", denominator: "2"}', "viết bằng dấu chấm"),
        ("1.1-r: {missing: true}", "1.1-r, missing: chỉ văn bản và ngày mới"),
        ("1.1-r: {not_arising: true}", "1.1-r, not_arising: cần nêu lý do."),
        ('1.1-r: {not_ours: true, reason: a, numerator: "1"}', "not_ours không đi cùng numerator"),
        ("1.1-r: {}", "1.1-r: chỉ tiêu loại tỷ lệ cần numerator, denominator"),
        ('1.1-c: {value: "1.5"}', "1.1-c, value: Số lượng 1,5 phải là số nguyên."),
        ("1.1-c: {value: true}", "1.1-c, value: phải là số"),
        ("1.1-c: {value: nhiều}", "1.1-c, value: «nhiều» không phải là số"),
        ('1.1-b: {value: "3"}', "1.1-b, value: «3» không phải là true hoặc false"),
        ("1.1-t: {value: 2019-12-03}", "1.1-t, value: Ngày 03/12/2019 ở sau ngày hôm nay"),
        ("1.1-t: {value: mai}", "1.1-t, value: «mai» không phải là ngày"),
        ("1.1-d: {number: 1/KH}", "1.1-d: chưa có ngày ban hành."),
        (
            "1.1-d: {number: 1/KH, issued_on: 2019-12-09, issuer: Sở}",
            "1.1-d, issued_on: Ngày ban hành 09/12/2019 ở sau ngày hôm nay",
        ),
        ('1.2-a: {numerator: "1", denominator: "2"}', "chỉ tiêu 1.2-a là của nhiệm vụ 1.2"),
        ('1.1-x: {value: "1"}', "1.1-x: không có chỉ tiêu mã «1.1-x»; có phải «1.1-"),
        ('1.1-c: {valeu: "1"}', "khóa «valeu» không có trong mẫu; có phải «value»?"),
    ],
)
def test_faults_of_values_name_line_indicator_and_key(plan, refused, values, fault):
    faults = refused(one(values))
    assert any(line.startswith("dòng 11, VP 1.1") and fault in line for line in faults), faults


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"unit": "VPP"}, "dòng 6, VPP 1.1, unit: không có đơn vị mã «VPP»; có phải «VP»?"),
        ({"task": '"1.9"'}, "dòng 7, VP 1.9, task: không có nhiệm vụ mã «1.9»"),
        ({"unit": "DV1"}, "Đơn vị trực thuộc không phải gửi báo cáo nhiệm vụ 1.1 năm 2019"),
        ({"state": "done"}, "dòng 8, VP 1.1, state: «done» không đúng; chỉ nhận «draft»"),
        ({"submitted_at": ""}, "báo cáo «đã duyệt» thiếu thời điểm gửi (submitted_at)"),
        (
            {"submitted_at": "2019-12-02T09:30:00+07:00"},
            "dòng 9, VP 1.1, submitted_at: thời điểm gửi 02/12/2019 09:30 ở sau lúc này",
        ),
        ({"submitted_at": "2018-11-15T16:20:00+07:00"}, "ở trước ngày bắt đầu kỳ (01/01/2019)"),
        ({"submitted_at": "2019-11-15T16:20:00"}, "thiếu múi giờ"),
        ({"state": "draft"}, "bản soạn chưa gửi thì không có thời điểm gửi"),
        ({"reason": "Vì sao"}, "lý do chỉ đi với báo cáo bị trả lại"),
        ({"txet": "a"}, "khóa «txet» không có trong mẫu; có phải «text»?"),
    ],
)
def test_faults_of_a_report(plan, refused, fields, fault):
    faults = refused(one(**fields))
    assert any(fault in line for line in faults), faults


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("agency: SGDDT", "agency: SNV", "dòng 2, agency: không có cơ quan mã «SNV»"),
        ("plan: KH-19", "plan: KH-91", "plan: không có kế hoạch mã «KH-91»; có phải «KH-19»?"),
        (
            "year: 2019",
            "year: 2020",
            "year: kỳ báo cáo năm 2020 chưa mở; hãy chạy trước: open_period",
        ),
        (
            "year: 2019",
            "year: 2021",
            "year: kế hoạch KH-19 không có năm 2021 (các năm: 2019, 2020)",
        ),
        ("year: 2019", "year: 1999", "year: «1999» nhỏ hơn 2000"),
        ("cchc-results/1", "cchc-results/2", "chỉ nhận «cchc-results/1»"),
        ("reports:", "reprots:", "khóa «reprots» không có trong mẫu; có phải «reports»?"),
        ("reports:", "reports: [", "YAML viết sai"),
    ],
)
def test_faults_of_the_file(plan, refused, before, after, fault):
    faults = refused(one().replace(before, after))
    assert any(fault in line for line in faults), faults


def test_all_faults_at_once_and_nothing_written(plan, refused):
    """Those of the schema and those against the database, in the order of the file."""
    good = EVERY_KIND.split("  - unit: TCCB")[0]
    faults = refused(
        good
        + """  - {unit: VP, task: "1.1", state: draft}
  - {unit: XX, task: "1.1", state: draft}
  - {unit: KHTC, task: "1.1", state: finished}
  - {unit: KHTC, task: "1.2", state: draft, values: {1.1-c: {value: "1"}}}
"""
    )
    assert [line.split(":")[0] for line in faults] == [
        "dòng 19, VP 1.1",
        "dòng 20, XX 1.1, unit",
        "dòng 21, KHTC 1.1, state",
        "dòng 22, KHTC 1.2, values, 1.1-c",
    ]
    assert "đã có ở dòng 6" in faults[0]


def test_released_and_retired_reports_are_refused(plan, refused):
    release(report=report("VP", "1.1"), by=Actor.system(), reason="Không có chức năng")
    assert "Văn phòng Sở đã được miễn báo cáo này: Không có chức năng" in refused(one())[0]
    Report.objects.update(released_at=None, retired_at=timezone.now())
    assert "đã thôi áp dụng" in refused(one())[0]


def test_a_figure_that_another_unit_is_the_source_of_is_refused(plan, refused):
    Indicator.objects.filter(code="1.1-c").update(source=Unit.objects.get(code="TCCB"))
    faults = refused(one('1.1-c: {value: "1"}'))
    assert "số liệu chỉ tiêu 1.1-c do Phòng Tổ chức cán bộ cung cấp" in faults[0]


def test_a_sent_report_does_not_become_a_draft_again(plan, load, refused):
    load(EVERY_KIND)
    faults = refused(HEAD + '  - {unit: VP, task: "1.1", state: draft}\n')
    assert "đang ở trạng thái «Đã duyệt», không đưa về bản soạn được" in faults[0]


def test_points_are_checked_with_the_reports(plan, refused):
    scores = """scores:
  - {criterion: 9.1.1, survey: nhiều}
  - {criterion: 4.1.1, override: "1.5"}
  - {criterion: 6.1.3, not_applicable: true}
  - {criterion: 1.1.1}
adjustments:
  - {kind: gift, points: "0.5", reason: Sáng kiến}
published: {index: "74.10", rank: 22, ranked_agencies: 21}
"""
    faults = refused(one() + scores)
    for line, words in (
        (11, "9.1.1, survey"),
        (12, "4.1.1: điểm tự sửa (override) cần lời giải thích"),
        (13, "6.1.3: không áp dụng (not_applicable) cần lý do"),
        (14, "1.1.1: thiếu điểm"),
        (16, "«gift» không đúng"),
        (17, "hạng 22 lớn hơn số cơ quan xếp hạng 21"),
    ):
        assert any(f.startswith(f"dòng {line}") and words in f for f in faults), (line, faults)


def test_points_that_scoring_refuses_leave_no_report_behind(plan, refused, monkeypatch):
    """Reports and points are one transaction."""
    from scoring.management.commands import import_results

    def refuse(*, source, **parts):
        raise Faulty([source.fault("không có tiêu chí", "scores", 0)])

    monkeypatch.setattr(import_results, "faults_of_file", lambda source, period: [])
    monkeypatch.setattr(import_results, "import_scores", refuse)
    faults = refused(one() + 'scores:\n  - {criterion: 9.1.1, survey: "7"}\n')
    assert faults == ["dòng 11, 9.1.1: không có tiêu chí"]


def test_points_go_to_scoring_in_the_same_transaction(plan, load, monkeypatch):
    given = {}

    def import_scores(**parts):
        given.update(parts)
        return 2

    command = "scoring.management.commands.import_results"
    monkeypatch.setattr(f"{command}.import_scores", import_scores)
    monkeypatch.setattr(f"{command}.faults_of_file", lambda source, period: [])
    lines, _ = load(one() + 'scores:\n  - {criterion: 9.1.1, survey: "7.25"}\n')
    assert lines[-1] == "1 reports, 0 values, 2 scores"
    assert given["period"].year == 2019
    assert given["scores"][0].survey == Decimal("7.25")
    assert given["source"].line("scores", 0) == 11


# -- Ways from state to state ---------------------------------------------------------------------


@pytest.mark.parametrize("current", list(State))
@pytest.mark.parametrize("wanted", [s for s in State if s is not State.NOT_STARTED])
@pytest.mark.parametrize("changed", [True, False])
def test_every_route_is_one_that_r12_allows(current, wanted, changed):
    from tasks.states import next_state

    moves = route(current, wanted, changed=changed)
    if wanted is State.DRAFT and current not in {State.NOT_STARTED, State.DRAFT}:
        assert moves is None
        return
    state = current
    for move in moves:
        state = next_state(state, move)
        assert state is not None
    assert state is wanted
    if changed and wanted is not State.DRAFT:
        assert Action.SUBMIT in moves
