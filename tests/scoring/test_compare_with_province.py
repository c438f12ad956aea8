"""Ours beside the province's: differences first, reasons with their sums, and what becomes the next plan's focus."""

import io
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sent_card import NOW, SentOffice, words

from plans.models import TaskFocus
from scoring import focus_marks
from scoring.compare_views import load
from scoring.comparing import compare
from scoring.models import CriteriaSet, Criterion, LeafScore, Scorecard
from scoring.rules import Leaf, Outcome, State
from scoring.scorecards import Card, ScoredLeaf
from scoring.totals import Entry, decide
from tasks.services import Refused


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        yield SentOffice(tmp_path)


@pytest.fixture
def judged(office):
    """The second round of some criteria."""
    office.enter("1.2.1", appraised_1="0.5", appraised="1", loss="evidence", note="Thiếu 2 tệp")
    office.enter("1.2.2", appraised="0.5", loss="evidence", asked="Gửi thêm", explained="Đã gửi")
    office.enter("4.1.1", appraised="0", loss="late")
    office.enter("1.1.1", appraised="0.5")  # more than ours, which had no figure
    office.enter("9.1.1", survey="7.25")
    return office


# -- Arithmetic ---------------------------------------------------------------------------------------

points = st.decimals(min_value=0, max_value=2, places=2)
one = st.tuples(
    points,  # ours
    st.one_of(st.none(), points),  # first
    st.one_of(st.none(), points),  # final
    st.sampled_from(["", *LeafScore.Loss.values]),
    st.integers(0, 2),  # its field
)


def made(rows):
    """A card of made-up leaves without a database, and what the province gave."""
    fields = [Criterion(pk=n + 1, code=str(n), name=f"Lĩnh vực {n}", order=0) for n in range(3)]
    leaves, scores = [], {}
    for n, (ours, first, final, loss, of) in enumerate(rows):
        node = Criterion(
            pk=100 + n, code=f"A{n}", name=f"Tiêu chí {n}", kind="self", maximum=2, order=n + 1
        )
        entry = Entry(appraised_1=first, appraised=final)
        leaf = Leaf(Decimal(2), 2019, Decimal(0))
        outcome = Outcome(Fraction(ours), State.SCORED, "")
        now = decide(leaf, outcome, entry)
        scores[node.pk] = LeafScore(criterion=node, appraised_1=first, appraised=final, loss=loss)
        leaves.append(
            ScoredLeaf(
                criterion=node,
                field=fields[of],
                leaf=leaf,
                rule=None,
                entry=entry,
                results=(),
                now=now,
                live=now,
                expected=now,
                reachable=now,
                own=decide(leaf, outcome, Entry()),
                outcome=outcome,
                secured=False,
            )
        )
    card = Card(CriteriaSet(), 2019, None, None, tuple(leaves), ())
    return compare(card, scores, {})


@given(st.lists(one, max_size=12))
def test_the_sums_of_reasons_and_fields_are_the_whole(rows):
    found = made(rows)
    last = [final if final is not None else first for _, first, final, _, _ in rows]
    lost = sum(2 - p for p in last if p is not None)
    cut = sum(row[0] - p for row, p in zip(rows, last, strict=True) if p is not None)
    assert found.lost == sum(t.lost for t in found.reasons) == lost
    assert sum(t.lost for t in found.fields) == lost
    assert found.cut == sum(t.cut for t in found.fields) == cut
    assert sum(t.leaves for t in found.reasons) == sum(p is not None and p < 2 for p in last)


@given(st.lists(one, max_size=12))
def test_the_largest_difference_stands_first(rows):
    found = made(rows).rows
    cuts = [r.cut for r in found if r.cut > 0]
    gains = [-r.cut for r in found if r.cut < 0]
    assert [r.cut for r in found][: len(cuts)] == cuts == sorted(cuts, reverse=True)
    # Then what the province gave more, the most first; what is the same comes last.
    assert [-r.cut for r in found][len(cuts) : len(cuts) + len(gains)] == gains
    assert gains == sorted(gains, reverse=True)
    same = [(r.lost, -r.criterion.order) for r in found if r.cut == 0]
    assert same == sorted(same, reverse=True)


# -- The page -----------------------------------------------------------------------------------------


def test_differences_and_reasons(judged):
    _, found = load(judged.card)
    rows = {row.criterion.code: row for row in found.rows}
    # The last of them the province gave more.
    assert [r.criterion.code for r in found.differing] == ["4.1.1", "1.2.2", "1.2.1", "1.1.1"]
    assert found.rows[:4] == found.differing
    assert rows["1.2.1"].ours == Fraction("1.38")
    assert (rows["1.2.1"].cut, rows["1.2.1"].regained) == (Fraction("0.38"), Fraction("0.5"))
    assert rows["9.1.1"].ours is None
    reasons = {tally.name: (tally.leaves, tally.lost) for tally in found.reasons}
    assert reasons == {
        "Thiếu hoặc sai tài liệu kiểm chứng": (2, Fraction("1.5")),
        "Nộp trễ, ban hành trễ": (1, 2),
        "Điều tra xã hội học": (1, Fraction("2.75")),
        "Chưa ghi nguyên nhân": (1, Fraction("0.5")),
    }
    units = {tally.code: tally.lost for tally in found.units}
    assert units["TCCB"] == 2
    assert units["VP"] == Fraction("2")  # 1.1.1, 1.2.1, 1.2.2


def test_what_was_sent_is_compared_not_todays_reports(office):
    office.enter("1.2.1", appraised="1.38")
    office.put({"reports": [], "scores": [], "adjustments": []})
    _, found = load(office.card)
    row = next(row for row in found.rows if row.criterion.code == "1.2.1")
    assert (row.ours, row.cut) == (Fraction("1.38"), 0)


def test_a_card_that_came_from_a_file_is_compared_with_the_rules(office):
    Scorecard.objects.filter(pk=office.card.pk).update(sent=None)
    office.card.refresh_from_db()
    office.enter("1.2.1", appraised="1")
    _, found = load(office.card)
    row = next(row for row in found.rows if row.criterion.code == "1.2.1")
    assert row.ours == Fraction("1.38")


def test_a_year_of_files_without_reports_has_no_points_of_our_own(client, office):
    """Nothing was reported then: that is no 0, and no difference (R31)."""
    office.put({"reports": [], "scores": [], "adjustments": []})
    Scorecard.objects.filter(pk=office.card.pk).update(
        sent=None, state="published", published_index=80
    )
    office.card.refresh_from_db()
    office.enter("1.2.1", appraised="1")
    _, found = load(office.card)
    row = next(row for row in found.rows if row.criterion.code == "1.2.1")
    assert row.ours is None and not found.differing and not found.both
    page = words(office.go(client, "appraisal_compare", office.card.pk, loc="tat-ca"))
    assert '<td class="num" data-label="Tự chấm">0,00</td>' not in page
    assert "chưa có tiêu chí nào hai bên đều chấm" in page
    answer = office.go(client, "compare_sheet", office.card.pk)
    fields = load_workbook(io.BytesIO(answer.content))["Theo lĩnh vực"]
    assert [row[3:6] for row in fields.iter_rows(min_row=4, values_only=True)] == [(None, 1, None)]


def test_a_field_of_surveys_has_no_points_of_our_own(client, judged):
    page = words(judged.go(client, "appraisal_compare", judged.card.pk))
    by_field = page[page.index('id="by-field-title"') :]
    assert '<td class="num" data-label="Tự chấm">–</td>' in by_field
    survey = next(one for one in load(judged.card)[1].fields if one.code == "9")
    assert (survey.scored, survey.ours) == (0, 0)


def test_how_each_side_rounds_is_no_difference(office):
    """Ours of 1.3.1 is 4/3: four decimals of it given back are the same, two are no loss to speak of."""
    for points_given in ("1.3333", "1.33"):
        office.enter("1.3.1", appraised=points_given)
        _, found = load(office.card)
        assert not found.differing
    office.enter("1.3.1", appraised="1.32")
    assert [row.cut_words for row in load(office.card)[1].differing] == ["−0,01"]


def test_the_page(client, judged):
    page = words(judged.go(client, "appraisal_compare", judged.card.pk))
    assert "Thiếu 2 tệp" in page
    assert "Sở giải trình: Đã gửi" in page
    assert "giải trình lấy lại 0,50 điểm" in page
    assert "−1,50" in page
    assert "+0,50" in page
    assert "9.1.1</span>" not in page
    for chosen in ("mat-diem", "tat-ca"):
        page = words(judged.go(client, "appraisal_compare", judged.card.pk, loc=chosen))
        assert "9.1.1</span>" in page
    leader = words(judged.go(client, "appraisal_compare", judged.card.pk, who="leader"))
    assert "Thiếu 2 tệp" in leader
    assert "Lưu trọng tâm" not in leader
    assert judged.go(client, "appraisal_compare", judged.card.pk, who="head").status_code == 403


def test_without_points_it_says_what_comes_first(client, office):
    assert "Đến trang thẩm định" in words(office.go(client, "appraisal_compare", office.card.pk))
    office.state("draft")
    assert "chưa gửi tỉnh" in words(office.go(client, "appraisal_compare", office.card.pk))


# -- The focus ----------------------------------------------------------------------------------------


def mark(client, office, who="coordinator", focus=(), **notes):
    data = {
        "shown": ["1.2.1", "4.1.1"],
        "focus": list(focus),
        **{f"note-{code.replace('c', '').replace('_', '.')}": text for code, text in notes.items()},
    }
    return office.go(client, "focus_save", office.card.pk, who=who, data=data)


def test_marked_criteria_reach_the_next_plan(client, judged):
    assert mark(client, judged, focus=["1.2.1"], c1_2_1="Gom đủ  tệp").status_code == 302
    score = judged.score("1.2.1")
    assert (score.focus, score.focus_note) == (True, "Gom đủ tệp")
    row = TaskFocus.objects.get()
    assert (row.task.code, row.year) == ("1.2", 2020)
    assert "Gom đủ tệp" in row.text
    page = words(judged.go(client, "appraisal_compare", judged.card.pk))
    assert "Thực hiện kế hoạch tuyên truyền" in page.partition('id="trong-tam"')[2]
    assert 'class="code">1.2-a</span>' in page
    event = judged.card.events.get()
    assert event.changes == {
        "1.2.1.focus": [False, True],
        "1.2.1.focus_note": ["", "Gom đủ tệp"],
    }
    # The same again changes nothing; taken off, it leaves the plan.
    mark(client, judged, focus=["1.2.1"], c1_2_1="Gom đủ tệp")
    assert judged.card.events.count() == 1
    mark(client, judged)
    assert not TaskFocus.objects.exists()


def test_what_the_page_did_not_show_stays_marked(client, judged):
    judged.enter("1.2.2", focus=True, focus_note="Giữ")
    mark(client, judged, focus=["4.1.1", "7.7.7"])
    assert judged.score("1.2.2").focus
    assert judged.score("4.1.1").focus


def test_who_may_not_and_what_cannot(client, judged):
    assert mark(client, judged, who="leader", focus=["1.2.1"]).status_code == 403
    answer = mark(client, judged, focus=["1.2.1"], c1_2_1="x" * 501)
    assert answer.status_code == 422
    assert "dài quá 500" in words(answer)
    judged.state("draft")
    with pytest.raises(Refused):
        focus_marks.save(scorecard=judged.card, marks={}, by=judged.by())
    assert not judged.score("1.2.1").focus


# -- The workbook -------------------------------------------------------------------------------------


def test_the_workbook_says_the_same(client, judged):
    judged.enter("1.2.1", focus=True, focus_note="=Gom đủ")
    answer = judged.go(client, "compare_sheet", judged.card.pk, who="leader")
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == [
        "Đối chiếu",
        "Nguyên nhân mất điểm",
        "Theo lĩnh vực",
        "Theo đơn vị",
        "Trọng tâm 2020",
    ]
    rows = {row[0]: row for row in book["Đối chiếu"].iter_rows(min_row=4, values_only=True)}
    assert len(rows) == len(judged.leaves)
    assert rows["1.2.1"][3:9] == (1.5, 1.38, 0.5, 1, -0.38, -0.5)
    reasons = {
        r[0]: r[6] for r in book["Nguyên nhân mất điểm"].iter_rows(min_row=4, values_only=True)
    }
    assert reasons["Thiếu hoặc sai tài liệu kiểm chứng"] == -1.5
    focus = next(book["Trọng tâm 2020"].iter_rows(min_row=4))
    assert (focus[3].value, focus[3].data_type) == ("=Gom đủ", "s")
    assert "1.2 " in focus[4].value
