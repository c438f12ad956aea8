"""``import_criteria``: the province's table as a file; all of it or nothing, again nothing, never once it is used."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from made_results import ROOT, SYSTEM, load, write_yaml

from accounts.models import Agency, AuditEntry
from accounts.reading import Faulty
from plans.importing import import_plan
from plans.models import Indicator
from scoring.criteria_importing import import_criteria
from scoring.models import CriteriaSet, Criterion, Scorecard

SAMPLE = ROOT / "data" / "criteria-sample.yaml"


@pytest.fixture
def agency(db):
    import_plan(ROOT / "data" / "plan-2019-2020.yaml", by=SYSTEM)
    return Agency.objects.get()


@pytest.fixture
def give(tmp_path):
    def given(data, **more):
        return import_criteria(write_yaml(tmp_path / "bo.yaml", data), by=SYSTEM, **more)

    return given


def sample():
    return load("criteria-sample.yaml")


def leaf(data, code):
    nodes = list(data["fields"])
    while nodes:
        node = nodes.pop()
        if node["code"] == code:
            return node
        nodes += node.get("criteria", []) + node.get("children", [])
    raise LookupError(code)


def faults(give, data, **more):
    with pytest.raises(Faulty) as caught:
        give(data, **more)
    assert not CriteriaSet.objects.exists()
    assert not Criterion.objects.exists()
    return [str(fault) for fault in caught.value.faults]


def test_the_sample_is_read_whole(agency, capsys):
    call_command("import_criteria", str(SAMPLE))
    assert capsys.readouterr().out.splitlines()[-1] == "9 fields, 53 criteria, 100 points"
    found = CriteriaSet.objects.get()
    assert (found.code, found.agency, found.is_sample, found.valid_from) == (
        "MINH-HOA",
        agency,
        True,
        2019,
    )
    assert (str(found.bonus_cap), str(found.penalty_cap)) == ("2", "3")
    assert [band["name"] for band in found.bands][:2] == ["Tốt", "Khá"]
    late = found.criteria.get(code="5.2.1")
    assert (late.parent.code, late.parent.parent.code, late.depth) == ("5.2", "5", 2)
    assert (str(late.maximum), str(late.minimum), late.kind) == ("2", "-1", "self")
    assert late.rule == {
        "type": "date",
        "indicator": "5.2-a",
        "on_time": "2",
        "late": "1",
        "missing": "-1",
    }
    assert late.scale.startswith("Trong quý II năm trước: 2")
    assert late.evidence == ["Kế hoạch đào tạo"]
    codes = list(found.criteria.values_list("code", flat=True))
    assert codes[:3] == ["1", "1.1", "1.1.1"]
    assert codes[-1] == "9.1.3"


def test_again_nothing_changes_and_it_says_so(agency, capsys):
    call_command("import_criteria", str(SAMPLE))
    before = list(Criterion.objects.values_list("pk", flat=True))
    entries = AuditEntry.objects.count()
    capsys.readouterr()
    call_command("import_criteria", str(SAMPLE))
    lines = capsys.readouterr().out.splitlines()
    assert "không thay đổi gì" in lines[0]
    assert lines[-1] == "9 fields, 53 criteria, 100 points"
    assert list(Criterion.objects.values_list("pk", flat=True)) == before
    assert AuditEntry.objects.count() == entries
    assert CriteriaSet.objects.get().revision == 1


def test_the_same_figures_written_otherwise_are_the_same(agency, give):
    give(sample())
    data = sample()
    leaf(data, "1.2.1")["max"] = "1.50"
    leaf(data, "1.2.1")["rule"]["floor"] = 80
    assert give(data).change == "unchanged"


def test_a_changed_file_changes_a_set_that_is_not_used(agency, give):
    give(sample())
    data = sample()
    leaf(data, "1.2.1")["max"] = "2"
    leaf(data, "1.2")["children"].pop()
    done = give(data)
    assert (done.change, done.criteria, str(done.points)) == ("updated", 52, "99.0")
    assert done.criteria_set.revision == 2
    trail = AuditEntry.objects.filter(object_type="scoring.criteriaset").order_by("id").last()
    assert trail.changes == {
        "1.2.1.maximum": ["1,5", "2"],
        "1.2.2": ["Hình thức tuyên truyền", None],
    }


def test_a_used_set_is_frozen_unless_the_file_is_identical(agency, give):
    done = give(sample())
    Scorecard.objects.create(agency=agency, year=2019, criteria_set=done.criteria_set)
    assert give(sample()).change == "unchanged"
    data = sample()
    leaf(data, "3.2.2")["rule"]["tiers"][1]["points"] = "0.5"
    with pytest.raises(Faulty) as caught:
        give(data)
    (fault,) = map(str, caught.value.faults)
    assert "phiếu điểm năm 2019" in fault
    assert "khác ở: 3.2.2, quy tắc)" in fault
    assert leaf_rule("3.2.2")["tiers"][1]["points"] == "0.75"
    # A new version has a code of its own.
    data["code"] = "MINH-HOA-2"
    assert give(data).change == "created"


def leaf_rule(code):
    return Criterion.objects.get(code=code).rule


def edit(of, **more):
    def change(data):
        leaf(data, of).update(more)

    return change


def drop(code, *keys):
    def change(data):
        for key in keys:
            del leaf(data, code)[key]

    return change


def rule(of, **more):
    def change(data):
        leaf(data, of)["rule"].update(more)

    return change


def top(**more):
    return lambda data: data.update(more)


FAULTS = [
    (rule("1.2.1", indicator="1.2-z"), "1.2.1", "không có chỉ tiêu «1.2-z»; có phải «1.2-"),
    (edit("1.1", max="5"), "1.1", "điểm ghi là 5 nhưng các tiêu chí con cộng lại là 4"),
    (edit("4", max="6.5"), "4", "điểm ghi là 6,5 nhưng các tiêu chí con cộng lại là 7"),
    (
        rule(
            "1.4.1",
            tiers=[
                {"op": ">=", "at": "90", "points": "1"},
                {"op": ">=", "at": "100", "points": "2"},
            ],
        ),
        "1.4.1",
        "không bao giờ được dùng",
    ),
    (
        rule(
            "1.4.1",
            tiers=[
                {"op": ">=", "at": "90", "points": "2"},
                {"op": "<=", "at": "90", "points": "1"},
            ],
        ),
        "1.4.1",
        "chồng lên nhau",
    ),
    (
        rule(
            "1.4.1",
            tiers=[{"op": ">=", "at": "90", "points": "2"}, {"op": "<", "at": "80", "points": "1"}],
        ),
        "1.4.1",
        "khoảng trống",
    ),
    (rule("1.2.1", floor="101"), "1.2.1", "mức sàn 101% lớn hơn"),
    (edit("5.2.1", min="3"), "5.2.1", "điểm tối thiểu 3 lớn hơn điểm tối đa 2"),
    (rule("1.2.1", type="ratoi"), "1.2.1", "không có loại quy tắc «ratoi»; có phải «ratio»?"),
    (rule("1.2.1", flor="80"), "1.2.1", "có phải «floor»?"),
    (edit("1.1.2", code="1.1.1"), "1.1.1", "mã «1.1.1» đã có ở dòng"),
    (drop("1.1.2", "max"), "1.1.2", "thiếu «max»"),
    (drop("1.1.2", "rule"), "1.1.2", "thiếu «rule»"),
    (edit("9.1.1", rule={"type": "manual"}), "9.1.1", "không tính theo quy tắc"),
    (edit("1.1", rule={"type": "manual"}), "1.1", "có tiêu chí con thì không có «rule»"),
    (edit("1.1.1", max="0"), "1.1.1", "phải lớn hơn 0"),
    (edit("1.1.1", max="-1"), "1.1.1", "phải lớn hơn 0"),
    (edit("1.1.1", max=1.5), "1.1.1", "ngoặc kép"),
    (edit("1.1.1", maxx="1"), "1.1.1", "có phải «max»?"),
    (edit("1.1.1", kind="surveyed"), "1.1.1", "survey"),
    (edit("1.1.1", name=" "), "1.1.1", "không được để trống"),
    (edit("1.1", children=[]), "1.1", "tiêu chí 1.1 chưa có tiêu chí con nào"),
    (top(valid_from=1999), "valid_from", "1999"),
    (top(not_applicable="skip"), "not_applicable", "exclude"),
    (
        top(
            bands=[{"op": ">=", "at": "0", "name": "Yếu"}, {"op": ">=", "at": "90", "name": "Tốt"}]
        ),
        "bands",
        "không bao giờ được dùng",
    ),
    (top(adjustments={"bonus_cap": "-1"}), "bonus_cap", "nhỏ hơn 0"),
    (top(schema="cchc-plan/1"), "schema", "cchc-criteria/1"),
]


@pytest.mark.parametrize(("change", "place", "words"), FAULTS, ids=[f[2][:30] for f in FAULTS])
def test_faults_are_named_by_line_code_and_field(agency, give, change, place, words):
    data = sample()
    change(data)
    found = faults(give, data)
    assert [f for f in found if words in f and place in f and f.startswith("dòng ")], found


def test_every_fault_is_said_at_once_and_nothing_is_written(agency, give):
    data = sample()
    for change, _, _ in (FAULTS[0], FAULTS[6], FAULTS[7], FAULTS[15]):
        change(data)
    found = faults(give, data)
    assert [f.split(":")[0].split(", ")[1] for f in found] == ["1.1.1", "1.2.1", "1.2.1", "5.2.1"]


def test_an_anchor_inside_itself_is_refused(agency, tmp_path):
    path = tmp_path / "vong.yaml"
    text = SAMPLE.read_text().replace("fields:", "fields: &f", 1) + "          - *f\n"
    path.write_text(text)
    with pytest.raises(Faulty, match="nằm trong chính nó"):
        import_criteria(path, by=SYSTEM)


def test_rubbish_is_refused_with_a_reason(agency, tmp_path, capsys):
    for content in (
        b"",
        b"\xff\xfe\x00",
        b"just text",
        b"- a\n- b\n",
        b"fields: {a: 1}\n",
        b"a: [\n",
    ):
        path = tmp_path / "rac.yaml"
        path.write_bytes(content)
        with pytest.raises(CommandError, match="Không nhập gì"):
            call_command("import_criteria", str(path))
    with pytest.raises(CommandError, match="Không có tệp"):
        call_command("import_criteria", str(tmp_path / "khong-co.yaml"))
    assert not CriteriaSet.objects.exists()


def test_an_indicator_that_left_the_plan_is_not_there(agency, give):
    Indicator.objects.filter(code="1.2-a").update(retired_at="2019-06-01T00:00:00Z")
    found = faults(give, sample())
    assert [f for f in found if "1.2.1" in f and "không có chỉ tiêu «1.2-a»" in f]


def test_without_an_agency_the_plan_comes_first(db, give):
    assert "import_plan" in faults(give, sample())[0]


def test_with_several_agencies_the_one_with_the_indicators_is_meant(agency, give):
    other = Agency.objects.create(code="SNV", name="Sở Nội vụ")
    assert give(sample()).criteria_set.agency == agency
    with pytest.raises(Faulty, match="không có chỉ tiêu"):
        give(sample(), agency_code="SNV")
    with pytest.raises(Faulty, match="Không có cơ quan mã «X»"):
        give(sample(), agency_code="X")
    assert not other.criteria_sets.exists()


def test_the_database_keeps_leaves_whole(agency, give):
    criteria_set = give(sample()).criteria_set
    wrong = [
        {"kind": "self", "maximum": 1},  # no rule
        {"kind": "survey", "maximum": None},
        {"kind": "survey", "maximum": 1, "minimum": 2},
        {"kind": "survey", "maximum": 1, "code": "1.1.1"},
    ]
    for n, columns in enumerate(wrong):
        with pytest.raises(IntegrityError), transaction.atomic():
            Criterion.objects.create(
                **{
                    "criteria_set": criteria_set,
                    "code": f"x{n}",
                    "name": "x",
                    "order": 900 + n,
                    **columns,
                }
            )


def test_a_field_without_criteria_is_named_and_a_row_there_twice_said_once(agency, give):
    data = sample()
    data["fields"].append({"code": "10", "name": "Lĩnh vực mới", "criteria": []})
    data["fields"].append({"code": "9", "name": "Ghi hai lần", "criteria": []})
    found = [fault.split(": ", 1)[1] for fault in faults(give, data)]
    assert found[0] == "lĩnh vực 10 chưa có tiêu chí nào"
    assert len(found) == 2
    assert "mã «9» đã có" in found[1]
    data["fields"] = []
    assert "bộ tiêu chí chưa có lĩnh vực nào" in faults(give, data)[0]
