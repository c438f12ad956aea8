"""A plan from its file: all of it or nothing, twice the same, changed in mid-year without losing a figure (R5)."""

import copy
import datetime as dt
import re
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import time_machine
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.models import Agency, AuditEntry, Unit, UnitGroup
from accounts.reading import Faulty, read_yaml, validate
from plans.models import Area, Assignment, Indicator, LegalBasis, Period, Plan, Task
from plans.schema import PlanFile, cross_checks

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT / "data" / "plan-2019-2020.yaml"
FIGURES = "8 areas, 31 tasks, 64 indicators, 12 units, 2 periods"

SMALL = """\
schema: cchc-plan/1
agency: {code: SGDDT, name: Sở Giáo dục và Đào tạo, province: Bà Rịa – Vũng Tàu}
plan:
  code: KH
  title: Kế hoạch CCHC
  years: [2019, 2020]
  due_before: "20/11"
  receiving_unit: VP
  baseline: {year: 2018, index: "70.69", rank: 15, ranked_agencies: 21}
  objectives: {general: [Nâng hạng], maintain: ["2"]}
  legal_basis:
    - {number: 787/QĐ-UBND, issued_on: 2016-04-07, issuer: UBND tỉnh, subject: Kế hoạch 2016-2020}
units:
  - {code: VP, name: Văn phòng Sở, kind: office}
  - {code: TCCB, name: Phòng Tổ chức cán bộ}
  - {code: KHTC, name: Phòng Kế hoạch tài chính, placeholder: true}
groups:
  - {code: PHONG, name: Các phòng, members: [TCCB, KHTC]}
areas:
  - code: "1"
    name: Chỉ đạo điều hành
    assignments: {lead: [VP], coordinate: [PHONG]}
    tasks:
      - code: "1.1"
        title: Ban hành kế hoạch
        indicators:
          - {code: 1.1-a, name: Kế hoạch được ban hành, kind: document, due: {quarter: 2, year_offset: -1}}
          - {code: 1.1-b, name: Báo cáo đúng hạn, kind: ratio, op: ">=", target: "100"}
      - code: "1.2"
        title: Tuyên truyền
        indicators:
          - {code: 1.2-a, name: Số hình thức tuyên truyền, kind: count}
  - code: "2"
    name: Hiện đại hóa
    assignments: {implement: [PHONG], consolidate: [VP]}
    tasks:
      - code: "2.1"
        title: Dịch vụ công
        focus: true
        legal_basis: [877/QĐ-TTg]
        assignments: {lead: [TCCB]}
        indicators:
          - {code: 2.1-a, name: Hồ sơ trực tuyến, kind: ratio, op: ">", target: previous_year, wording: tăng tỷ lệ}
"""


@pytest.fixture
def run(db, tmp_path):
    """Import a text or a file; the lines said, faults first."""

    def call(what=SMALL, *options):
        path = what
        if isinstance(what, (str, bytes)):
            path = tmp_path / "ke-hoach.yaml"
            path.write_bytes(what if isinstance(what, bytes) else what.encode())
        out, err = StringIO(), StringIO()
        try:
            call_command("import_plan", str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            return [*err.getvalue().splitlines(), str(error)]
        return out.getvalue().splitlines()

    return call


def changed(*pairs):
    """SMALL with parts replaced; each must be there exactly once."""
    text = SMALL
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def without(start, end):
    """SMALL without the lines from ``start`` up to ``end``."""
    a = SMALL.index(start)
    return SMALL[:a] + SMALL[SMALL.index(end, a) :]


NOTHING = "Không có gì thay đổi."

# -- The real plan -------------------------------------------------------------------------------


def test_the_real_plan_twice(run):
    first = run(REAL)
    assert first[-1] == FIGURES
    assert "Thêm 64 chỉ tiêu" in "\n".join(first)
    assert run(REAL) == [NOTHING, FIGURES]
    assert AuditEntry.objects.count() == 1


def test_the_real_plan_is_all_there(run):
    run(REAL)
    plan = Plan.objects.get(code="KH-CCHC-2019-2020")
    assert (plan.agency.code, plan.agency.province) == ("SGDDT", "Bà Rịa – Vũng Tàu")
    assert (plan.years, plan.due_day, plan.due_month) == ([2019, 2020], 20, 11)
    assert (plan.number, plan.issued_on) == ("", dt.date(2019, 6, 18))
    assert plan.receiving_unit.code == "VP"
    assert (plan.baseline_year, plan.baseline_index) == (2018, Decimal("70.69"))
    assert (plan.baseline_rank, plan.baseline_ranked_agencies) == (15, 21)
    assert (len(plan.recipients), len(plan.objectives)) == (6, 3)
    assert [basis.number for basis in plan.legal_bases.all()] == [
        "787/QĐ-UBND",
        "588/QĐ-UBND",
        "",
        "",
    ]
    assert list(plan.areas.filter(maintain=True).values_list("code", flat=True)) == ["4", "6", "8"]
    assert Task.objects.filter(focus=True).count() == REAL.read_text().count("focus: true\n")
    assert Task.objects.get(code="7.3").legal_basis == [
        "877/QĐ-TTg ngày 18/7/2018",
        "3746/QĐ-UBND ngày 29/12/2016",
    ]
    kinds = {kind: Indicator.objects.filter(kind=kind).count() for kind, _ in Indicator.KINDS}
    assert kinds == {
        kind: len(re.findall(rf"kind: {kind}\b", REAL.read_text().partition("areas:\n")[2]))
        for kind in kinds
    }
    assert set(Unit.objects.filter(placeholder=True).values_list("code", flat=True)) == {
        "GDMN", "GDTH", "GDTrH", "GDTX", "QLCL", "CTTT", "DVTT1", "DVTT2"
    }  # fmt: skip
    assert Unit.objects.get(code="VP").kind == "office"
    assert UnitGroup.objects.get(code="DVTT").members.count() == 2
    assert [str(one) for one in Area.objects.get(code="8").assignments.all()] == [
        "Chủ trì: Văn phòng Sở",
        "Chủ trì: Phòng Tổ chức cán bộ",
        "Phối hợp: Các phòng chuyên môn, nghiệp vụ thuộc Sở",
    ]
    training = Indicator.objects.get(code="5.2-a")
    assert training.due_on(2020) == dt.date(2019, 6, 30)
    assert training.wording == "trong quý II của năm trước liền kề năm kế hoạch"
    online = Indicator.objects.get(code="7.3-b")
    assert (online.op, online.target, online.target_previous_year) == (">", None, True)
    assert online.counted == "hồ sơ"
    posted = Indicator.objects.get(code="8.2-a")
    assert (posted.op, posted.target) == (">", Decimal(10))
    assert Indicator.objects.get(code="5.1-k").may_exceed
    assert Indicator.objects.filter(assumed=True).count() == REAL.read_text().count(
        "assumed: true}"
    )


def test_the_real_plan_has_one_period_a_year_not_opened(run):
    run(REAL)
    assert list(
        Period.objects.values_list(
            "year", "kind", "starts_on", "due_before", "closes_on", "opened_at"
        )
    ) == [
        (year, "final", dt.date(year, 1, 1), dt.date(year, 11, 20), dt.date(year, 12, 31), None)
        for year in (2019, 2020)
    ]


@pytest.mark.parametrize("year", [2019, 2020])
def test_the_real_plan_owes_131_reports(run, year):
    run(REAL)
    out = StringIO()
    call_command("open_period", plan="KH-CCHC-2019-2020", year=year, stdout=out)
    assert out.getvalue().splitlines()[-1] == "131 reports"


def test_queries_do_not_grow_with_the_plan(run):
    def queries(what):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            run(what)
        return len(caught)

    small_first, small_again = queries(SMALL), queries(SMALL)
    real_first, real_again = queries(REAL), queries(REAL)
    assert real_first <= small_first + 2
    assert real_again <= small_again + 2
    assert small_again < 35


# -- Dry run, history ----------------------------------------------------------------------------


def test_a_dry_run_says_what_would_change_and_writes_nothing(run):
    lines = run(SMALL, "--dry-run")
    assert lines[0] == "Chạy thử, không ghi gì. Nếu nhập:"
    assert "Thêm 2 lĩnh vực: 1, 2" in lines
    assert lines[-1] == "2 areas, 3 tasks, 4 indicators, 3 units, 2 periods"
    assert not Agency.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_change_is_in_the_history(run):
    run()
    run(changed(("title: Kế hoạch CCHC", "title: Kế hoạch mới")))
    entry = AuditEntry.objects.first()
    assert (entry.action, entry.actor_name) == ("Nhập kế hoạch từ tệp", "Hệ thống")
    assert entry.changes == {"kế hoạch KH, tên kế hoạch": ["Kế hoạch CCHC", "Kế hoạch mới"]}


# -- The plan changes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: Phòng Tổ chức cán bộ", "name: Phòng TCCB", "Sửa đơn vị TCCB, tên đơn vị: Phòng Tổ chức cán bộ → Phòng TCCB"),
        (", placeholder: true", "", "Sửa đơn vị KHTC, tạm đặt: có → không"),
        ("kind: office", "kind: leadership", "Sửa đơn vị VP, loại: Văn phòng → Lãnh đạo cơ quan"),
        ("name: Các phòng,", "name: Khối phòng,", "Sửa nhóm PHONG, tên nhóm: Các phòng → Khối phòng"),
        ("members: [TCCB, KHTC]", "members: [TCCB]", "Sửa nhóm PHONG, thành viên: TCCB, KHTC → TCCB"),
        ("members: [TCCB, KHTC]", "members: [VP, TCCB, KHTC]", "Sửa nhóm PHONG, thành viên: TCCB, KHTC → VP, TCCB, KHTC"),
        ('index: "70.69"', 'index: "70.5"', "Sửa kế hoạch KH, chỉ số năm gốc: 70,69 → 70,5"),
        ("receiving_unit: VP", "receiving_unit: null", "Sửa kế hoạch KH, đơn vị nhận kết quả: Văn phòng Sở → (trống)"),
        ("subject: Kế hoạch 2016-2020", "subject: Kế hoạch khác", "Sửa căn cứ: Kế hoạch 2016-2020 → Kế hoạch khác"),
        ('maintain: ["2"]', "maintain: []", "Sửa lĩnh vực 2, duy trì: có → không"),
        ("title: Tuyên truyền", "title: Truyền thông", "Sửa nhiệm vụ 1.2, nội dung: Tuyên truyền → Truyền thông"),
        ("focus: true", "focus: false", "Sửa nhiệm vụ 2.1, trọng tâm: có → không"),
        ('target: "100"', 'target: "95.5"', "Sửa chỉ tiêu 1.1-b, mức chỉ tiêu: 100 → 95,5"),
        ("wording: tăng tỷ lệ", "wording: tăng", "Sửa chỉ tiêu 2.1-a, nguyên văn trong kế hoạch: tăng tỷ lệ → tăng"),
        ("quarter: 2", "quarter: 3", "Sửa chỉ tiêu 1.1-a, hạn: quý: 2 → 3"),
        ("kind: count", "kind: amount", "Sửa chỉ tiêu 1.2-a, loại: Số lượng → Số tiền, khối lượng"),
        ("coordinate: [PHONG]", "coordinate: [TCCB]", "Sửa phân công lĩnh vực 1: Chủ trì: VP; Phối hợp: PHONG → Chủ trì: VP; Phối hợp: TCCB"),
        ("assignments: {lead: [TCCB]}", "assignments: {}", "Sửa phân công nhiệm vụ 2.1: Chủ trì: TCCB → (trống)"),
        ("province: Bà Rịa – Vũng Tàu", "province: Đồng Nai", "Sửa cơ quan SGDDT, tỉnh: Bà Rịa – Vũng Tàu → Đồng Nai"),
        ("code: TCCB, name", "code: TCCB, kind: subordinate, name", "Sửa đơn vị TCCB, loại: Phòng → Đơn vị trực thuộc"),
    ],
)  # fmt: skip
def test_one_change_changes_one_thing(run, old, new, said):
    run()
    assert run(changed((old, new)))[:-1] == [said]
    assert run(changed((old, new)))[0] == NOTHING
    assert run()[0] != NOTHING
    assert run()[0] == NOTHING


def test_what_left_the_plan_is_retired_and_comes_back(run):
    run()
    task = Task.objects.get(code="1.2")
    lines = run(without('      - code: "1.2"', '  - code: "2"'))
    assert lines[:-1] == ["Thôi áp dụng 1 nhiệm vụ: 1.2", "Thôi áp dụng 1 chỉ tiêu: 1.2-a"]
    task.refresh_from_db()
    assert task.is_retired
    assert Indicator.objects.get(code="1.2-a").is_retired
    assert run(without('      - code: "1.2"', '  - code: "2"'))[0] == NOTHING
    assert run()[:-1] == ["Áp dụng lại 1 nhiệm vụ: 1.2", "Áp dụng lại 1 chỉ tiêu: 1.2-a"]
    task.refresh_from_db()
    assert not task.is_retired
    assert Task.objects.count() == 3


@time_machine.travel("2019-10-01 09:00+07:00")
def test_reports_survive_what_left_the_plan(run):
    from tasks.models import Report

    run()
    call_command("open_period", plan="KH", year=2019, stdout=StringIO())
    report = Report.objects.get(task__code="1.2")
    Report.objects.filter(pk=report.pk).update(text="Đã làm")
    lines = run(without('      - code: "1.2"', '  - code: "2"'))
    assert any("Kỳ Năm 2019 đã mở: hãy chạy lại lệnh open_period" in line for line in lines)
    report.refresh_from_db()
    assert (report.text, report.retired_at) == ("Đã làm", None)
    call_command("open_period", plan="KH", year=2019, stdout=StringIO())
    report.refresh_from_db()
    assert (report.text, report.retired_at is None) == ("Đã làm", False)


def test_an_area_that_leaves_takes_its_tasks_along(run):
    run()
    lines = run(changed(('maintain: ["2"]', "maintain: []")).partition('  - code: "2"')[0])
    assert "Thôi áp dụng 1 lĩnh vực: 2" in lines
    assert Indicator.objects.get(code="2.1-a").is_retired
    assert Assignment.objects.filter(area__code="2").exists()


def test_a_task_may_move_to_another_area(run):
    run()
    a = SMALL.index('      - code: "1.2"')
    b = SMALL.index('  - code: "2"')
    moved = SMALL[:a] + SMALL[b:] + SMALL[a:b]
    pk = Task.objects.get(code="1.2").pk
    lines = run(moved)
    assert "Sửa nhiệm vụ 1.2, lĩnh vực: 1. Chỉ đạo điều hành → 2. Hiện đại hóa" in lines
    assert Task.objects.get(code="1.2").pk == pk
    assert run(moved)[0] == NOTHING


def test_an_indicator_that_moves_to_another_task_is_another(run):
    """Its figures belong to the reports of the task where they were given."""
    run()
    a = SMALL.index("          - {code: 1.1-b")
    b = SMALL.index('      - code: "1.2"')
    c = SMALL.index('  - code: "2"')
    run(SMALL[:a] + SMALL[b:c] + SMALL[a:b] + SMALL[c:])
    both = Indicator.objects.filter(code="1.1-b").order_by("task__code")
    assert [(one.task.code, one.is_retired) for one in both] == [("1.1", True), ("1.2", False)]
    run()
    assert Indicator.objects.get(code="1.1-b", retired_at=None).task.code == "1.1"


def test_order_follows_the_file(run):
    run()
    a = SMALL.index('      - code: "1.1"')
    b = SMALL.index('      - code: "1.2"')
    c = SMALL.index('  - code: "2"')
    assert run(SMALL[:a] + SMALL[b:c] + SMALL[a:b] + SMALL[c:])[:-1] == ["Sắp xếp lại nhiệm vụ"]
    assert list(Task.objects.values_list("code", flat=True)) == ["1.2", "1.1", "2.1"]


def test_units_and_groups_of_the_agency_beside_the_plan_stay(run):
    run()
    agency = Agency.objects.get()
    Unit.objects.create(agency=agency, code="LD", name="Lãnh đạo Sở", kind="leadership")
    UnitGroup.objects.create(agency=agency, code="KHAC", name="Nhóm khác")
    assert run()[0] == NOTHING
    assert agency.units.filter(code="LD").exists()
    assert agency.groups.filter(code="KHAC").exists()


def test_what_the_file_does_not_state_stays_as_the_office_set_it(run):
    run()
    unit = Unit.objects.get(code="TCCB")
    Indicator.objects.filter(code="1.1-b").update(
        source=unit, interim=True, may_exceed=True, counted="quyển"
    )
    assert run() == [
        NOTHING,
        "Lưu ý: Chỉ tiêu 1.1-b: giữ đơn vị cung cấp số liệu Phòng Tổ chức cán bộ, tệp không nêu.",
        "2 areas, 3 tasks, 4 indicators, 3 units, 2 periods",
    ]
    stated = changed(
        (
            'op: ">=", target: "100"',
            'op: ">=", target: "100", source: null, interim: false, may_exceed: false, counted: bản',
        )
    )
    run(stated)
    indicator = Indicator.objects.get(code="1.1-b")
    assert (indicator.source, indicator.interim, indicator.may_exceed, indicator.counted) == (
        None,
        False,
        False,
        "bản",
    )


def test_an_indicator_with_everything(run):
    run(
        changed(
            (
                'kind: ratio, op: ">=", target: "100"',
                'kind: ratio, op: "<=", target: "120.25", source: KHTC, interim: true, may_exceed: true, assumed: true',
            )
        )
    )
    indicator = Indicator.objects.get(code="1.1-b")
    assert (indicator.op, indicator.target, indicator.source.code) == (
        "<=",
        Decimal("120.25"),
        "KHTC",
    )
    assert indicator.interim
    assert indicator.may_exceed
    assert indicator.assumed
    assert indicator.counted == "báo cáo"


def test_the_counted_noun_follows_the_name(run):
    run()
    run(changed(("name: Hồ sơ trực tuyến", "name: TTHC trực tuyến")))
    assert Indicator.objects.get(code="2.1-a").counted == "TTHC"


def test_the_kind_of_an_indicator_is_fixed_once_a_period_is_open(run):
    run()
    call_command("open_period", plan="KH", year=2019, stdout=StringIO())
    lines = run(changed(("kind: count", "kind: amount")))
    assert lines[0].startswith(
        "dòng 32, 1.2-a, kind: không đổi được loại từ «count» thành «amount»"
    )
    assert Indicator.objects.get(code="1.2-a").kind == "count"


# -- Agencies ------------------------------------------------------------------------------------


def test_two_agencies_with_a_plan_of_the_same_code(run):
    run()
    other = changed(("code: SGDDT, name: Sở Giáo dục và Đào tạo", "code: SNV, name: Sở Nội vụ"))
    assert "Thêm 1 kế hoạch: KH" in run(other)
    assert Plan.objects.filter(code="KH").count() == 2
    run(other.replace("title: Tuyên truyền", "title: Truyền thông"))
    titles = dict(Task.objects.filter(code="1.2").values_list("area__plan__agency__code", "title"))
    assert titles == {"SGDDT": "Tuyên truyền", "SNV": "Truyền thông"}
    assert run()[0] == NOTHING


def test_another_code_of_what_looks_like_the_same_agency_is_pointed_out(run):
    run()
    lines = run(changed(("code: SGDDT", "code: SGD")))
    assert any("«SGDDT» mang cùng tên" in line for line in lines)
    assert run(changed(("code: SGDDT", "code: sgddt")))[0].startswith(
        "dòng 2, agency, code: đã có cơ quan mã «SGDDT»"
    )


# -- Periods -------------------------------------------------------------------------------------


def due(kind="final", year=2019):
    return Period.objects.get(kind=kind, year=year).due_before


def test_a_new_date_moves_what_is_not_open_yet(run):
    run()
    Period.objects.filter(year=2019).update(opened_at=timezone.now())
    lines = run(changed(('due_before: "20/11"', 'due_before: "25/11"')))
    assert "Sửa kỳ báo cáo Năm 2020, gửi trước ngày: 20/11/2020 → 25/11/2020" in lines
    assert "Lưu ý: Kỳ Năm 2019 đã mở: giữ ngày 20/11/2019, tệp ghi 25/11/2019." in lines
    assert (due(), due(year=2020)) == (dt.date(2019, 11, 20), dt.date(2020, 11, 25))


def test_a_date_set_by_hand_stays(run):
    run()
    Period.objects.filter(year=2020).update(due_before=dt.date(2020, 11, 18))
    lines = run()
    assert lines[0] == NOTHING
    assert "Lưu ý: Kỳ Năm 2020 đã được sửa ngày: giữ ngày 18/11/2020, tệp ghi 20/11/2020." in lines


INTERIM = (
    "  receiving_unit: VP\n",
    '  receiving_unit: VP\n  periods: [{kind: h1, due_before: "20/06"}, {kind: q1, due_before: "20/3"}]\n',
)


def test_periods_before_the_final_one(run):
    assert run(changed(INTERIM))[-1] == "2 areas, 3 tasks, 4 indicators, 3 units, 6 periods"
    assert (due("h1"), due("q1", 2020)) == (dt.date(2019, 6, 20), dt.date(2020, 3, 20))
    assert run(changed(INTERIM))[0] == NOTHING
    assert run()[0] == NOTHING  # not stated: as the office has them
    moved = changed(INTERIM).replace("20/06", "15/06")
    run(moved)
    assert due("h1") == dt.date(2019, 6, 15)
    assert "Bỏ 4 kỳ báo cáo" in run(changed((INTERIM[0], INTERIM[0] + "  periods: []\n")))[0]
    assert Period.objects.count() == 2


def test_a_year_that_left_goes_only_if_it_was_never_open(run):
    run()
    assert run(changed(("[2019, 2020]", "[2019]")))[:-1] == [
        "Bỏ 1 kỳ báo cáo: Năm 2020",
        "Sửa kế hoạch KH, các năm: 2019; 2020 → 2019",
    ]
    run()
    call_command("open_period", plan="KH", year=2020, stdout=StringIO())
    lines = run(changed(("[2019, 2020]", "[2019]")))
    assert any("không còn trong kế hoạch nhưng đã mở" in line for line in lines)
    assert Period.objects.filter(year=2020).exists()


def test_history_of_earlier_years_stays(run):
    run()
    plan = Plan.objects.get()
    Period.objects.create(
        plan=plan,
        year=2018,
        starts_on=dt.date(2018, 1, 1),
        due_before=dt.date(2018, 11, 20),
        closes_on=dt.date(2018, 12, 31),
        is_history=True,
    )
    assert run()[0] == NOTHING
    assert Period.objects.filter(year=2018).exists()


# -- Faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # named in FORMATS
        ("lead: [VP]", "lead: [VPP]", "dòng 22, areas 1, assignments, lead, mục 1: không có đơn vị, nhóm mã «VPP»; có phải «VP»?"),
        ("coordinate: [PHONG]", "coordinate: [PHONGX]", "dòng 22, areas 1, assignments, coordinate, mục 1: không có đơn vị, nhóm mã «PHONGX»; có phải «PHONG»?"),
        ("assignments: {lead: [TCCB]}", "assignments: {lead: [XX]}", "dòng 41, 2.1, assignments, lead, mục 1: không có đơn vị, nhóm mã «XX»"),
        ("members: [TCCB, KHTC]", "members: [TCCB, KHTX]", "dòng 18, PHONG, members, mục 2: không có đơn vị mã «KHTX»; có phải «KHTC»?"),
        ("members: [TCCB, KHTC]", "members: [TCCB, PHONG]", "dòng 18, PHONG, members, mục 2: không có đơn vị mã «PHONG»"),
        ('maintain: ["2"]', 'maintain: ["9"]', "dòng 10, plan, objectives, maintain, mục 1: không có lĩnh vực mã «9»"),
        ("receiving_unit: VP", "receiving_unit: VX", "dòng 8, plan, receiving_unit: không có đơn vị mã «VX»"),
        ("receiving_unit: VP", "receiving_unit: PHONG", "dòng 8, plan, receiving_unit: không có đơn vị mã «PHONG»"),
        ("{code: KHTC,", "{code: tccb,", "dòng 16, tccb, code: mã đơn vị hoặc nhóm «tccb» đã có ở dòng 15"),
        ("{code: PHONG, ", "{code: VP, ", "dòng 18, VP, code: mã đơn vị hoặc nhóm «VP» đã có ở dòng 14"),
        ('  - code: "2"\n', '  - code: "1"\n', "dòng 33, areas 1, code: mã lĩnh vực «1» đã có ở dòng 20"),
        ('code: "2.1"', 'code: "1.1"', "dòng 37, 1.1, code: mã nhiệm vụ «1.1» đã có ở dòng 24"),
        ("code: 2.1-a", "code: 1.1-a", "dòng 43, 1.1-a, code: mã chỉ tiêu «1.1-a» đã có ở dòng 27"),
        ("assignments: {lead: [VP], coordinate: [PHONG]}", "assignments: {coordinate: [PHONG]}", "dòng 22, areas 1, assignments: không đơn vị nào chủ trì (lead) hoặc thực hiện (implement), nên không ai báo cáo"),
        ("    assignments: {lead: [VP], coordinate: [PHONG]}\n", "", "dòng 20, areas 1, assignments: không đơn vị nào chủ trì"),
        ('op: ">=", target: "100"', 'target: "100"', "dòng 28, 1.1-b, target: có «target» nhưng thiếu «op»"),
        ('op: ">=", target: "100"', 'op: ">="', "dòng 28, 1.1-b, op: có «op» nhưng thiếu «target»"),
        ('op: ">=", target: "100"', 'op: >=, target: "100"', "dòng 28: YAML viết sai: chữ bắt đầu bằng «>» phải đặt trong ngoặc"),
        ('op: ">=", target: "100"', 'op: "≥", target: "100"', "dòng 28, 1.1-b, op: «≥» không đúng; chỉ nhận «>=», «>», «=», «<=», «<»"),
        ('target: "100"', 'target: "100%"', "dòng 28, 1.1-b, target: «100%» không phải là số"),
        ('target: "100"', "target: năm trước", "dòng 28, 1.1-b, target: «năm trước» không phải là số, cũng không phải «previous_year»"),
        ('target: "100"', "target: 99.5", "dòng 28, 1.1-b, target: số thập phân"),
        ('target: "100"', 'target: "-1"', "dòng 28, 1.1-b, target: không được âm"),
        ('target: "100"', 'target: "120"', "dòng 28, 1.1-b, target: tỷ lệ không thể ≥ 120% khi chưa ghi «may_exceed: true»"),
        ('op: ">=", target: "100"', 'op: ">", target: "100"', "dòng 28, 1.1-b, target: tỷ lệ không thể > 100%"),
        ('due_before: "20/11"', 'due_before: "31/11"', "dòng 7, plan, due_before: «31/11» không phải là một ngày trong năm"),
        ('due_before: "20/11"', 'due_before: "30/02"', "dòng 7, plan, due_before: «30/02» không phải là một ngày trong năm"),
        ('due_before: "20/11"', 'due_before: "29/2"', "năm nhuận mới có"),
        ('due_before: "20/11"', 'due_before: "20/11/2019"', "dòng 7, plan, due_before: «20/11/2019» không phải"),
        ('due_before: "20/11"', 'due_before: "01/01"', "dòng 7, plan, due_before: «trước ngày 01/01»"),
        ('due_before: "20/11"', "due_before: 2011", "dòng 7, plan, due_before: «2011» không phải"),
        ("years: [2019, 2020]", "years: [1999]", "dòng 6, plan, years, mục 1: «1999» nhỏ hơn 2000"),
        ("years: [2019, 2020]", "years: [2019, 2101]", "dòng 6, plan, years, mục 2: «2101» lớn hơn 2100"),
        ("years: [2019, 2020]", "years: ['2019']", "dòng 6, plan, years, mục 1: «2019» không phải là số nguyên"),
        ("years: [2019, 2020]", "years: [2019, 2019]", "dòng 6, plan, years, mục 2: năm 2019 có hai lần"),
        ("title: Ban hành kế hoạch", 'title: ""', "dòng 25, 1.1, title: không được để trống"),
        ("title: Kế hoạch CCHC", "title: ' '", "dòng 5, plan, title: không được để trống"),
        ("title: Ban hành kế hoạch", "titel: Ban hành kế hoạch", "dòng 25, 1.1, titel: khóa «titel» không có trong mẫu; có phải «title»?"),
        ("title: Ban hành kế hoạch", "titel: Ban hành kế hoạch", "dòng 24, 1.1: thiếu «title»"),
        # further ones
        ("schema: cchc-plan/1", "schema: cchc-results/1", "dòng 1, schema: «cchc-results/1» không đúng; chỉ nhận «cchc-plan/1»"),
        ("schema: cchc-plan/1", "shema: cchc-plan/1", "dòng 1, shema: khóa «shema» không có trong mẫu; có phải «schema»?"),
        ("kind: count", 'kind: boolean, op: ">=", target: "1"', "dòng 32, 1.2-a, op: loại «boolean» không có «op»"),
        ("kind: count", "kind: document, target: '1'", "dòng 32, 1.2-a, target: loại «document» không có «target»"),
        ("kind: count", "kind: count, due: {quarter: 1}", "dòng 32, 1.2-a, due: loại «count» không có «due»"),
        ("kind: count", "kind: count, may_exceed: true", "dòng 32, 1.2-a, may_exceed: loại «count» không có «may_exceed»"),
        ("kind: count", "kind: number", "dòng 32, 1.2-a, kind: «number» không đúng; chỉ nhận «ratio», «count»"),
        ("kind: count", "kind: count, source: PHONG", "dòng 32, 1.2-a, source: không có đơn vị mã «PHONG»"),
        ("kind: count", "kind: count, assumed: yes", "dòng 32, 1.2-a, assumed: «yes» không phải là true hoặc false"),
        ("quarter: 2", "quarter: 5", "dòng 27, 1.1-a, due, quarter: «5» lớn hơn 4"),
        ("quarter: 2", "quarter: 0", "dòng 27, 1.1-a, due, quarter: «0» nhỏ hơn 1"),
        ("quarter: 2, ", "", "dòng 27, 1.1-a, due: thiếu «quarter»"),
        ("code: 1.2-a", "code: 1.2", "dòng 32, 1.2, code: số thập phân, mã có dấu chấm phải đặt trong ngoặc kép"),
        ("assignments: {lead: [TCCB]}", "assignments: {lead: []}", "dòng 41, 2.1, assignments, lead: cần ít nhất 1 mục"),
        ("assignments: {lead: [TCCB]}", "assignments: {leads: [TCCB]}", "dòng 41, 2.1, assignments, leads: khóa «leads» không có trong mẫu; có phải «lead»?"),
        ("assignments: {lead: [TCCB]}", "assignments: {lead: [TCCB, TCCB]}", "dòng 41, 2.1, assignments, lead, mục 2: «TCCB» có hai lần"),
        ("assignments: {lead: [TCCB]}", "assignments: {lead: TCCB}", "dòng 41, 2.1, assignments, lead: phải là một danh sách"),
        ("members: [TCCB, KHTC]", "members: []", "dòng 18, PHONG, members: cần ít nhất 1 mục"),
        ("members: [TCCB, KHTC]", "members: [TCCB, TCCB]", "dòng 18, PHONG, members, mục 2: «TCCB» có hai lần"),
        ("rank: 15", "rank: 22", "dòng 9, plan, baseline, rank: hạng 22 trong 21 cơ quan"),
        ('index: "70.69"', 'index: "cao"', "dòng 9, plan, baseline, index: «cao» không phải là số"),
        ("issued_on: 2016-04-07", "issued_on: 2016-02-30", "dòng 12, plan, legal_basis, mục 1, issued_on: không có ngày, giờ «2016-02-30»"),
        ("issued_on: 2016-04-07", "issued_on: 7/4/2016", "dòng 12, plan, legal_basis, mục 1, issued_on: «7/4/2016» không phải là ngày"),
        ("name: Hiện đại hóa", "name: " + "x" * 301, "dòng 34, areas 2, name: dài quá 300 ký tự"),
        (*INTERIM[:1], '  receiving_unit: VP\n  periods: [{kind: q2, due_before: "20/6"}]\n', "dòng 9, plan, periods, mục 1, kind: «q2» không đúng; chỉ nhận «q1», «h1», «q3»"),
        (*INTERIM[:1], '  receiving_unit: VP\n  periods: [{kind: q3, due_before: "20/12"}]\n', "dòng 9, plan, periods, mục 1, due_before: phải trước ngày của kỳ cả năm"),
        (*INTERIM[:1], '  receiving_unit: VP\n  periods: [{kind: h1, due_before: "1/6"}, {kind: h1, due_before: "2/6"}]\n', "dòng 9, plan, periods, mục 2, kind: kỳ «h1» có hai lần"),
        ("    name: Hiện đại hóa\n", "    name: Hiện đại hóa\n    name: Khác\n", "khóa «name» có hai lần (dòng 34 và dòng 35)"),
    ],
)  # fmt: skip
def test_each_fault_has_its_line_code_and_field(run, old, new, said):
    lines = run(changed((old, new)))
    assert any(said in line for line in lines), lines
    assert re.fullmatch(r"\d+ lỗi; chưa ghi gì\.", lines[-1])
    assert not Agency.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Tệp rỗng."),
        (b"\x7fELF\0\0", "không phải là văn bản"),
        (REAL.read_bytes()[:5000] + b"\xff\xfe", "Tệp không phải là văn bản UTF-8"),
        (SMALL.replace("[2019, 2020]", "[2019, 2020").encode(), "dòng 7: YAML viết sai: danh sách"),
        (b"[1, 2]", "dòng 1: phải là một nhóm"),
        (b"just words", "dòng 1: phải là một nhóm"),
        (b"schema: cchc-plan/1", "thiếu «agency»"),
        ("a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{m}, *{m}]\n" for m, n in zip("abcdefghijklmnopqrs", "bcdefghijklmnopqrst", strict=True)), "quá nhiều giá trị"),
    ],
)  # fmt: skip
def test_files_that_are_no_plan(run, content, said):
    lines = run(content)
    assert any(said in line for line in lines), lines
    assert not Agency.objects.exists()


def parts(data, path=()):
    """The paths of everything in ``data``."""
    yield path
    if isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from parts(value, (*path, key))


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.dates(),
        st.text(max_size=20),
        st.sampled_from(
            ["VP", "1", "1.1-a", ">=", "previous_year", "ratio", "29/02", "NaN", "1e9"]
        ),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)
SMALL_DATA = yaml.safe_load(SMALL)
PARTS = [path for path in parts(SMALL_DATA) if path]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARTS), values)
@example(("areas", 0, "tasks", 0, "indicators", 0, "kind"), ["ratio"])
@example(("plan", "years"), [[2019], [2019]])
def test_whatever_stands_in_a_place_is_a_plan_or_faulty(tmp_path_factory, path, value):
    data = copy.deepcopy(SMALL_DATA)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    file = tmp_path_factory.getbasetemp() / "bat-ky.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    try:
        found = validate(PlanFile, read_yaml(file), also=cross_checks)
    except Faulty as error:
        assert all(str(fault) for fault in error.faults)
    else:
        assert found.figures()


def test_a_file_that_is_not_there(run, tmp_path):
    assert "Không có tệp" in run(tmp_path / "khong-co.yaml")[0]
    assert "thư mục" in run(tmp_path)[0]


def test_every_fault_is_listed_in_the_order_of_the_file(run):
    lines = run(
        changed(
            ("title: Kế hoạch CCHC", "title: ''"),
            ("kind: office", "kind: offices"),
            ('op: ">=", target: "100"', "target: nhiều"),
            ("assignments: {lead: [TCCB]}", "assignments: {lead: [XX]}"),
        )
    )
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "dòng 5, plan, title",
        "dòng 14, VP, kind",
        "dòng 28, 1.1-b, target",
        "dòng 28, 1.1-b, target",
        "dòng 41, 2.1, assignments, lead, mục 1",
    ]


def test_a_fault_leaves_the_plan_as_it_was(run):
    run()
    text = changed(("title: Tuyên truyền", "title: Truyền thông"), ("kind: count", "kind: counts"))
    run(text)
    assert Task.objects.get(code="1.2").title == "Tuyên truyền"
    assert AuditEntry.objects.count() == 1
    assert LegalBasis.objects.count() == 1


def test_an_area_whose_tasks_all_name_somebody_needs_nobody_itself(run):
    text = SMALL.replace("assignments: {implement: [PHONG], consolidate: [VP]}", "assignments: {}")
    assert run(text)[-1].startswith("2 areas")
