"""``manage.py score``, and the points of a results file: what a year is worth, on one line."""

import json
import re
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from made_results import (
    SYSTEM,
    ScoringOffice,
    load,
    make_year,
    wide_criteria,
    wide_plan,
    write_yaml,
)
from recompute import recompute

from plans.models import Indicator
from scoring.models import CriteriaSet, LeafScore, Scorecard, ScorecardEvent
from scoring.scorecards import compute
from tasks.models import Document, Evidence, Report
from tasks.periods import release

PLAN = "plan-2019-2020.yaml"
TINY = Decimal("1e-12")
AT = "2019-11-15T16:20:00+07:00"


@pytest.fixture
def office(db, tmp_path):
    return ScoringOffice(tmp_path, load(PLAN), load("criteria-sample.yaml"))


@pytest.fixture
def give(tmp_path, office):
    """Import results through the real command, from a file."""

    def given(reports=(), **more):
        data = {
            "schema": "cchc-results/1",
            "agency": "SGDDT",
            "plan": "KH-CCHC-2019-2020",
            "year": 2019,
            "reports": list(reports),
            **more,
        }
        text = write_yaml(tmp_path / "kq.yaml", data).read_text()
        (tmp_path / "kq.yaml").write_text(text.replace(f"'{AT}'", AT))
        call_command("import_results", str(tmp_path / "kq.yaml"))

    return given


def report(unit, task, state="accepted", **values):
    values = {
        code.replace("_", "-").replace("i", "", 1).replace("d", ".", 1): v
        for code, v in values.items()
    }
    return {"unit": unit, "task": task, "state": state, "submitted_at": AT, "values": values}


def pair(top, whole):
    return {"numerator": str(top), "denominator": str(whole)}


def paper(day="2019-01-15", number="12/KH-SGDĐT"):
    return {"number": number, "issued_on": day, "issuer": "Sở GDĐT"}


def scored(capsys, *args, year="2019"):
    capsys.readouterr()
    call_command(
        "score", "--agency", "SGDDT", "--year", year, "--criteria", "MINH-HOA", "--json", *args
    )
    (line,) = capsys.readouterr().out.splitlines()
    data = json.loads(line)
    return data, {leaf["code"]: leaf for leaf in data["criteria"]}


FIRST = [
    report(
        "VP", "1.1", i1d1_a=paper(), i1d1_b=paper(), i1d1_c={"missing": True}, i1d1_d=pair(3, 4)
    ),
    report("VP", "1.2", i1d2_a=pair(23, 25), i1d2_b={"value": "2"}),
    report("VP", "1.3", "submitted", i1d3_a=pair(4, 5)),
]


def test_the_line_of_json_has_what_formats_says(office, give, capsys):
    give(FIRST)
    data, leaves = scored(capsys)
    assert list(data) == [
        "index",
        "index_display",
        "total",
        "band",
        "secured",
        "expected",
        "reachable",
        "criteria",
    ]
    assert len(leaves) == 53
    assert set(leaves["1.1.1"]) == {"code", "max", "points", "state", "how"}
    # 1.1.1: 1, 1.1.3: 2 − 0,5, 1.2.1: 1,5 × 92 %, 1.2.2: 2 × 0,5, 5.2.1: −1, of 70 without the survey.
    assert {
        c: Decimal(leaf["points"]) for c, leaf in leaves.items() if Decimal(leaf["points"])
    } == {
        "1.1.1": 1,
        "1.1.3": Decimal("1.5"),
        "1.2.1": Decimal("1.38"),
        "1.2.2": 1,
        "5.2.1": -1,
    }
    index = Decimal(388) / 70
    assert abs(Decimal(data["index"]) - index) < TINY
    assert data["index_display"] == "5,54"
    assert data["total"] == data["index"]
    assert data["band"] == "Yếu"
    assert abs(Decimal(data["expected"]) - (index + Decimal(160) / 70)) < TINY
    # Only documents prove themselves: 1.1.1, and 1.1.2 and 5.2.1 bring nothing yet.
    assert abs(Decimal(data["secured"]) - Decimal(100) / 70) < TINY
    # Lost for good: 1.1.2 (1), half a point of 1.1.3, 0,12 of 1.2.1, half a point of 1.2.2.
    assert abs(Decimal(data["reachable"]) - (70 - Decimal("2.12")) / Decimal("0.7")) < TINY
    figures = [data[k] for k in ("index", "total", "secured", "expected", "reachable")]
    figures += [leaf[k] for leaf in leaves.values() for k in ("max", "points")]
    assert all(
        (isinstance(f, str) and len(re.sub(r"\D", "", f.lstrip("-0."))) >= 12) or not Decimal(f)
        for f in figures
    )
    assert leaves["1.2.1"]["how"] == "92% ≥ 80% → 1,5 × 92% = 1,38 điểm"
    assert leaves["1.1.2"] == {
        **leaves["1.1.2"],
        "state": "scored",
        "how": "1.1-c: chưa ban hành → 0 điểm",
    }
    assert leaves["9.1.1"]["state"] == "waiting_survey"
    assert leaves["1.3.1"]["state"] == "not_reported"


def test_percentages_are_never_averaged_and_missing_units_are_said(office, give, capsys):
    give(
        [
            report("TCCB", "8.1", i8d1_b=pair(1, 1)),
            report("TTRA", "3.1", i3d1_b=pair(9, 10)),
            report("KHTC", "3.1", i3d1_b=pair(20, 20)),
        ]
    )
    _, leaves = scored(capsys)
    assert Decimal(leaves["3.1.2"]["points"]) == Decimal("1.45")
    assert leaves["3.1.2"]["how"] == "96,67% ≥ 80% → 1,5 × 96,67% = 1,45 điểm (tạm tính 2/9 đơn vị)"
    assert leaves["8.1.2"]["how"] == "100% ≥ 100% → 3 điểm (tạm tính 1/2 đơn vị)"


def test_zero_of_zero_leaves_the_index_and_silence_does_not(office, give, capsys):
    give([report("VP", "1.3", i1d3_a={"not_arising": True, "reason": "Không phát sinh"})])
    data, leaves = scored(capsys)
    assert leaves["1.3.1"]["state"] == "not_applicable"
    assert abs(Decimal(data["index"]) + Decimal(100) / 68) < TINY
    assert Decimal(data["reachable"]) == 100


def test_secured_needs_every_unit_and_evidence(office, give, capsys):
    give(
        [
            report("VP", "8.4", i8d4_a=paper(), i8d4_b=paper()),
            report("VP", "1.3", i1d3_a=pair(5, 5)),
            report("VP", "8.1", i8d1_b=pair(9, 9)),
        ]
    )
    assert abs(Decimal(scored(capsys)[0]["secured"])) < TINY
    give([report("TCCB", "8.4", i8d4_a={"missing": True}, i8d4_b={"missing": True})])
    assert abs(Decimal(scored(capsys)[0]["secured"]) - Decimal(100) / 70) < TINY
    # A document without number and file proves nothing; with a number it does.
    vp = Report.objects.get(period=office.period, unit__code="VP", task__code="1.3")
    document = Document.objects.create(
        agency=office.agency, unit=office.units["VP"], subject="Báo cáo"
    )
    Evidence.objects.create(report=vp, document=document)
    assert abs(Decimal(scored(capsys)[0]["secured"]) - Decimal(100) / 70) < TINY
    Document.objects.filter(pk=document.pk).update(number="9/BC")
    assert abs(Decimal(scored(capsys)[0]["secured"]) - Decimal(300) / 70) < TINY


def test_a_unit_that_is_released_is_not_waited_for(office, give, capsys):
    give([report("VP", "8.4", i8d4_a=paper(), i8d4_b=paper())])
    other = Report.objects.get(period=office.period, unit__code="TCCB", task__code="8.4")
    release(report=other, by=SYSTEM, reason="Không có chức năng")
    data, leaves = scored(capsys)
    assert abs(Decimal(data["secured"]) - Decimal(100) / 70) < TINY
    assert "tạm tính" not in leaves["8.2.2"]["how"]


SCORES = [
    {"criterion": "9.1.1", "survey": "7.25"},
    {"criterion": "1.1.1", "appraised_1": "1", "appraised": "0.5", "note": "Ban hành ngày 15/4"},
    {"criterion": "6.1.3", "not_applicable": True, "reason": "Không có thu nhập tăng thêm"},
    {"criterion": "4.1.1", "override": "1.5", "explanation": "Còn một nghị quyết chưa sơ kết"},
]
ADJUSTMENTS = [
    {"kind": "bonus", "points": "1.5", "reason": "Sáng kiến cấp tỉnh"},
    {"kind": "bonus", "points": "1.5", "reason": "Mô hình mới"},
    {"kind": "penalty", "points": "0.25", "reason": "Nộp hồ sơ trễ"},
]
PUBLISHED = {
    "index": "74.10",
    "rank": 11,
    "ranked_agencies": 21,
    "decision": {"number": "456/QĐ-UBND", "issued_on": "2020-03-05"},
}


def test_points_of_a_file_count_and_again_change_nothing(office, give, capsys):
    give(FIRST, scores=SCORES, adjustments=ADJUSTMENTS, published=PUBLISHED)
    assert capsys.readouterr().out.splitlines()[-1] == "3 reports, 7 values, 4 scores"
    data, leaves = scored(capsys)
    assert (leaves["9.1.1"]["state"], Decimal(leaves["9.1.1"]["points"])) == (
        "surveyed",
        Decimal("7.25"),
    )
    assert leaves["1.1.1"]["how"] == "thẩm định 0,5 điểm: Ban hành ngày 15/4"
    assert leaves["4.1.1"]["how"] == "Văn phòng Sở chấm 1,5 điểm: Còn một nghị quyết chưa sơ kết"
    assert leaves["6.1.3"]["state"] == "not_applicable"
    # 3,88 − 0,5 + 7,25 + 1,5 of 70 + 10 − 1; the bonus is held to 2.
    index = Decimal("1213") / 79
    assert abs(Decimal(data["index"]) - index) < TINY
    assert abs(Decimal(data["total"]) - (index + 2 - Decimal("0.25"))) < TINY
    card = Scorecard.objects.get()
    assert (str(card.published_index), card.published_rank, card.ranked_agencies) == (
        "74.1",
        11,
        21,
    )
    assert (card.state, card.decision_number) == ("published", "456/QĐ-UBND")
    event = ScorecardEvent.objects.get()
    assert event.changes["1.1.1.appraised"] == [None, "0.5"]
    rows = list(LeafScore.objects.values_list("pk", flat=True))
    give(FIRST, scores=SCORES, adjustments=ADJUSTMENTS, published=PUBLISHED)
    assert ScorecardEvent.objects.count() == 1
    assert list(LeafScore.objects.values_list("pk", flat=True)) == rows
    assert scored(capsys)[0] == data


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([{"criterion": "1.1.1", "appraised": "1.5"}], "điểm thẩm định 1,5 lớn hơn điểm tối đa 1"),
        ([{"criterion": "1.1.1", "appraised_1": "-0.5"}], "nhỏ hơn điểm tối thiểu 0"),
        ([{"criterion": "5.2.1", "appraised": "-1.5"}], "nhỏ hơn điểm tối thiểu -1"),
        ([{"criterion": "1.1.9", "appraised": "1"}], "không có tiêu chí «1.1.9»"),
        ([{"criterion": "1.1", "appraised": "1"}], "có tiêu chí con"),
        ([{"criterion": "1.1.1", "override": "1"}], "giải thích"),
        ([{"criterion": "1.1.1", "survey": "1"}], "không phải điểm điều tra"),
        ([{"criterion": "9.1.1", "appraised": "1"}], "chỉ nhận «survey»"),
        ([{"criterion": "9.1.1", "survey": "10.5"}], "lớn hơn điểm tối đa 10"),
        ([{"criterion": "1.1.1", "not_applicable": True}], "lý do"),
        ([{"criterion": "1.1.1", "appraised": "1"}] * 2, "đã có ở dòng"),
        (
            [
                {
                    "criterion": "1.1.1",
                    "not_applicable": True,
                    "reason": "x",
                    "override": "1",
                    "explanation": "y",
                }
            ],
            "không áp dụng nên không có",
        ),
    ],
)
def test_points_that_cannot_be_are_refused_with_the_whole_file(office, give, capsys, scores, words):
    with pytest.raises(CommandError, match="chưa ghi gì"):
        give(FIRST, scores=scores)
    assert words in capsys.readouterr().err
    assert not Scorecard.objects.exists()
    assert not Report.objects.exclude(state="not_started").exists()


def test_faults_of_form_reports_and_points_are_said_in_one_pass(office, give, capsys):
    wrong = {"unit": "KHONG-CO", "task": "1.1", "state": "draft"}
    with pytest.raises(CommandError):
        give(
            [wrong, *FIRST],
            scores=[
                {"criterion": "1.1.1", "appraised": "3"},
                {"criterion": "1.1.2", "appraised": "nhiều"},
                {"criterion": "9.9.9", "appraised": "1"},
            ],
            adjustments=[{"kind": "bonus", "points": "-0.5", "reason": "x"}],
            published={"index": "70", "rank": 3},
        )
    said = capsys.readouterr().err
    for words in (
        "không có đơn vị mã «KHONG-CO»",
        "điểm thẩm định 3 lớn hơn điểm tối đa 1",
        "«nhiều» không phải là số",
        "không có tiêu chí «9.9.9»",
        "«-0.5» nhỏ hơn 0\n",
        "có xếp hạng thì cần số cơ quan xếp hạng",
    ):
        assert words in said
    lines = {line.split(",")[0]: line for line in said.splitlines()}
    assert len(lines) == 6  # each at its own line, though one of the scores could not be read
    assert not Scorecard.objects.exists()


@pytest.mark.parametrize("year", ["abc", "19", "2019.5"])
def test_a_year_that_is_none_is_refused_in_vietnamese(year):
    with pytest.raises(CommandError, match=f"«{year}» không phải là năm"):
        call_command("score", "--agency", "SGDDT", "--year", year)


def test_a_rank_needs_the_number_of_agencies(office, give, capsys):
    for wrong in ({"index": "70", "rank": 3}, {"index": "700"}):
        with pytest.raises(CommandError):
            give(published=wrong)
    assert not Scorecard.objects.exists()


def test_points_without_a_set_are_refused_a_publication_is_not(office, give, capsys):
    CriteriaSet.objects.all().delete()
    with pytest.raises(CommandError):
        give(scores=SCORES)
    give(published=PUBLISHED)
    assert Scorecard.objects.get().criteria_set is None


def test_history_of_an_earlier_year_keeps_its_publication(office, give):
    give(year=2018, published={"index": "70.69", "rank": 15, "ranked_agencies": 21})
    card = Scorecard.objects.get()
    assert (card.year, str(card.published_index), card.published_rank) == (2018, "70.69", 15)


def test_what_was_sent_is_not_changed_from_a_file(office, give):
    give(scores=SCORES)
    Scorecard.objects.update(sent={"index": "1"}, state="sent")
    give(scores=[{"criterion": "9.1.2", "survey": "8"}, {"criterion": "4.1.1", "appraised": "1"}])
    give(scores=SCORES)  # the same as was sent
    with pytest.raises(CommandError):
        give(scores=[{"criterion": "4.1.1", "override": "2", "explanation": "x"}])
    with pytest.raises(CommandError):
        give(adjustments=ADJUSTMENTS)


def test_an_indicator_that_left_the_plan_is_named(office, give, capsys):
    give(FIRST)
    Indicator.objects.filter(code="1.2-a").update(retired_at="2019-06-01T00:00:00Z")
    _, leaves = scored(capsys)
    assert leaves["1.2.1"]["state"] == "not_reported"
    assert leaves["1.2.1"]["how"] == "chỉ tiêu 1.2-a không còn trong kế hoạch → 0 điểm"


def test_a_year_without_results_has_no_points_yet(office, capsys):
    data, leaves = scored(capsys, year="2020")
    assert {leaf["state"] for leaf in leaves.values()} == {"not_reported", "waiting_survey"}
    assert Decimal(data["reachable"]) == 100


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--agency", "X", "--year", "2019"], "Không có cơ quan"),
        (["--agency", "SGDDT", "--year", "2031"], "không có kỳ báo cáo"),
        (["--agency", "SGDDT", "--year", "2019", "--criteria", "X"], "hiện có: MINH-HOA"),
        (["--agency", "SGDDT", "--year", "2017"], "Cơ quan chưa có bộ tiêu chí"),
        (["--agency", "SGDDT", "--year", "2019", "--plan", "X"], "không có kế hoạch"),
    ],
)
def test_what_does_not_exist_is_said(office, args, words):
    with pytest.raises(CommandError, match=words):
        call_command("score", *args)


def test_without_json_it_is_a_table(office, give, capsys):
    give(FIRST)
    capsys.readouterr()
    call_command("score", "--agency", "SGDDT", "--year", "2019")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Chỉ số: 5,54 (Yếu)"
    assert "1,38 / 1,5   92% ≥ 80%" in "\n".join(lines)


def test_everything_not_applicable_has_no_index(db, tmp_path, capsys):
    criteria = {
        "schema": "cchc-criteria/1",
        "code": "MINH-HOA",
        "name": "Một dòng",
        "valid_from": 2019,
        "fields": [
            {
                "code": "1",
                "name": "x",
                "criteria": [
                    {
                        "code": "1.1",
                        "name": "y",
                        "max": "1",
                        "rule": {"type": "ratio", "indicator": "1.3-a", "full": "100"},
                    }
                ],
            }
        ],
    }
    office = ScoringOffice(tmp_path, load(PLAN), criteria)
    entry = {
        "unit": "VP",
        "task": "1.3",
        "state": "accepted",
        "values": {"1.3-a": {"not_arising": True, "reason": "x"}},
    }
    office.put({"reports": [entry]})
    data, _ = scored(capsys)
    assert (data["index"], data["index_display"], data["total"], data["band"]) == (
        None,
        None,
        None,
        None,
    )


def test_a_file_through_the_command_equals_the_recomputation(office, give, capsys):
    """Files as people give them, read by the product's importers, against the recomputation."""
    plan, criteria = load(PLAN), load("criteria-sample.yaml")
    results, _, _ = make_year(1, plan, criteria)
    keep = [r for r in results["reports"] if r["state"] in {"accepted", "submitted"}]
    for entry in keep:
        entry["submitted_at"] = AT
    give(keep, scores=results["scores"], adjustments=results["adjustments"])
    stored = recompute(plan, criteria, {**results, "reports": keep}, 2019)
    data, leaves = scored(capsys)
    for code, (points, state) in stored["criteria"].items():
        assert leaves[code]["state"] == state, code
        assert abs(Decimal(leaves[code]["points"]) - as_decimal(points or 0)) < TINY, code
    for name in ("index", "secured", "expected", "reachable", "total"):
        assert abs(Decimal(data[name]) - as_decimal(stored[name])) < TINY, name
    assert data["band"] == stored["band"]


def as_decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def test_queries_do_not_grow_with_what_there_is(office, give):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            compute(office.period, office.sets[0])
        return len(captured)

    plan, criteria = load(PLAN), load("criteria-sample.yaml")
    give(FIRST, scores=SCORES, adjustments=ADJUSTMENTS)
    few = count()
    results, history, proofs = make_year(5, plan, criteria)
    office.put(results, history, proofs)
    office.enter(office.sets[0], {**results, "scores": SCORES})
    assert count() <= few <= 20


def test_a_set_of_every_kind_is_read_from_its_file(db, tmp_path):
    office = ScoringOffice(tmp_path, wide_plan(), wide_criteria("full"))
    assert office.sets[0].criteria.exclude(kind="").count() == 19
