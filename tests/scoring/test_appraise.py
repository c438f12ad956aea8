"""Entering the province's points: both rounds, survey points, reasons; faults at the cell; two people at once."""

import html
import json
import re
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from sent_card import NOW, SentOffice, words

from accounts.models import User
from scoring import appraisal
from scoring.appraisal import BadCells, Overtaken
from scoring.models import LeafScore, Scorecard
from scoring.scorecard_services import Unready, move
from scoring.scorecards import compute
from tasks.models import Explanation
from tasks.services import Refused


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        yield SentOffice(tmp_path)


def base_of(page):
    found = re.search(r'name="base" value="([^"]*)"', page.content.decode())
    return html.unescape(found[1])


@pytest.fixture
def post(client, office):
    """Post the page of a round as someone who has just opened it, unless ``base`` says what they saw."""

    def posted(values, round_=1, who="coordinator", then="save", base=None):
        page = office.go(client, "appraisal_form", office.card.pk, who=who, lan=round_)
        data = {"lan": round_, "then": then, "base": base_of(page) if base is None else base}
        data |= {office.name(*key.split("/")): value for key, value in values.items()}
        return office.go(client, "appraisal_form", office.card.pk, who=who, data=data)

    return posted


def save(office, who="coordinator", base=None, **typed):
    of = {code.replace("c", "").replace("_", "."): cells for code, cells in typed.items()}
    return appraisal.save(scorecard=office.card, typed=of, base=base or {}, by=office.by(who))


def test_the_page_shows_ours_and_takes_theirs(client, office, post):
    page = words(office.go(client, "appraisal_form", office.card.pk))
    assert "Thực hiện kế hoạch tuyên truyền" in page
    assert "1,38" in page
    answer = post(
        {
            "1.2.1/appraised_1": "1,25",
            "1.2.1/loss": "evidence",
            "1.2.1/note": "Thiếu 2 kế hoạch\r\n\r\n\r\nvà báo cáo",
            "1.2.1/asked": "Gửi bổ sung",
            "9.1.1/survey": "7,125",
        }
    )
    assert answer.status_code == 302
    score = office.score("1.2.1")
    assert score.appraised_1 == Decimal("1.25")
    assert (score.loss, score.asked) == ("evidence", "Gửi bổ sung")
    assert score.note == "Thiếu 2 kế hoạch\n\nvà báo cáo"
    assert office.score("9.1.1").survey == Decimal("7.125")
    event = office.card.events.get()
    assert event.actor_name == "Họ coordinator"
    assert event.changes["1.2.1.appraised_1"] == [None, "1.25"]
    assert event.changes["9.1.1.survey"] == [None, "7.125"]
    assert len(event.changes) == 5


def test_the_first_round_scores_nothing_and_the_second_does(office):
    before = compute(office.period, office.criteria_set).index
    save(office, c1_2_1={"appraised_1": "0,5"})
    assert compute(office.period, office.criteria_set).index == before
    save(office, c1_2_1={"appraised": "0,5"})
    after = {
        leaf.criterion.code: leaf for leaf in compute(office.period, office.criteria_set).leaves
    }
    assert after["1.2.1"].now.points == Decimal("0.5")


@pytest.mark.parametrize(
    ("cell", "text", "fault"),
    [
        ("1.2.1/appraised_1", "1,51", "Lớn hơn điểm tối đa 1,5."),
        ("1.2.1/appraised_1", "-0,5", "Nhỏ hơn điểm tối thiểu 0."),
        ("5.2.1/appraised_1", "-1,0001", "Nhỏ hơn điểm tối thiểu -1."),
        ("9.1.1/survey", "7.125", "Lớn hơn điểm tối đa 10; số thập phân viết bằng dấu phẩy."),
        ("1.2.1/appraised_1", "một", "«một» không phải là số."),
        ("1.2.1/appraised_1", "1e0", "không phải là số."),
        ("1.2.1/appraised_1", "NaN", "không phải là số."),
        ("1.2.1/appraised_1", "1,00001", "bốn chữ số thập phân"),
        ("1.2.1/appraised_1", "9" * 300, "không phải là số."),
        ("1.2.1/loss", "nothing", "Hãy chọn nguyên nhân"),
        ("1.2.1/note", "x" * 4001, "Dài quá 4.000 ký tự"),
        ("9.1.1/survey", "10,5", "Lớn hơn điểm tối đa 10."),
    ],
)
def test_a_fault_stands_at_its_cell_and_nothing_is_stored(office, post, cell, text, fault):
    answer = post({"1.1.1/appraised_1": "0,75", cell: text})
    assert answer.status_code == 422
    page = words(answer)
    assert fault in html.unescape(page)
    assert f'id="{office.name(*cell.split("/"))}-error"' in page
    # What was typed stays, right or wrong.
    assert 'value="0,75"' in page
    assert cell.endswith("loss") or text in page
    assert not LeafScore.objects.exists()
    assert not office.card.events.exists()


def test_zero_and_a_negative_minimum_are_points(office):
    assert save(office, c5_2_1={"appraised_1": "-1"}, c1_1_1={"appraised_1": "0"}) == 2
    assert office.score("5.2.1").appraised_1 == -1
    assert office.score("1.1.1").appraised_1 == 0


def test_survey_points_are_only_a_surveyed_criterions(office):
    with pytest.raises(BadCells) as error:
        save(office, c1_2_1={"survey": "1"}, c9_1_1={"appraised": "1"})
    assert set(error.value.faults) == {("1.2.1", "survey"), ("9.1.1", "appraised")}


def test_what_does_not_apply_has_no_survey_points(office):
    office.enter("9.1.1", not_applicable=True, reason="Không điều tra")
    with pytest.raises(BadCells):
        save(office, c9_1_1={"survey": "1"})


def test_points_can_be_taken_away_again(office, post):
    post({"1.2.1/appraised_1": "1"})
    assert post({"1.2.1/appraised_1": ""}).status_code == 302
    assert office.score("1.2.1").appraised_1 is None


def test_the_same_again_changes_nothing(office, post):
    post({"1.2.1/appraised_1": "1,50"})
    post({"1.2.1/appraised_1": "1.5"})
    assert office.card.events.count() == 1


def test_of_two_people_neither_overwrites_the_other(client, office, post):
    seen = base_of(office.go(client, "appraisal_form", office.card.pk))
    post({"1.2.1/appraised_1": "1", "1.1.1/appraised_1": "0,5"}, who="second", base=seen)
    # Another cell: both stand. The first person's page still holds the empty cells of before.
    answer = post({"1.2.2/appraised_1": "1,5", "1.1.1/appraised_1": ""}, base=seen)
    assert answer.status_code == 302
    assert office.score("1.1.1").appraised_1 == Decimal("0.5")
    # The same cell: told, with what stands there; nothing is stored.
    answer = post({"1.2.1/appraised_1": "0,25", "1.3.1/appraised_1": "2"}, base=seen)
    assert answer.status_code == 409
    page = words(answer)
    assert "Họ coordinator vừa sửa 1 ô" in page
    assert "Đang lưu: 1" in page
    assert 'value="0,25"' in page
    assert office.score("1.2.1").appraised_1 == 1
    assert office.score("1.3.1").appraised_1 is None
    # Having seen it, the person may write over it.
    again = json.loads(base_of(answer))
    assert again["1.2.1"]["appraised_1"] == "1"
    assert post({"1.2.1/appraised_1": "0,25"}, base=json.dumps(again)).status_code == 302
    assert office.score("1.2.1").appraised_1 == Decimal("0.25")


def test_a_broken_base_overwrites_nothing(office, post):
    office.enter("1.2.1", appraised_1="1")
    for base in ("", "[1]", "{", '{"1.2.1": 3}'):
        assert post({"1.2.1/appraised_1": "0"}, base=base).status_code == 409
    assert office.score("1.2.1").appraised_1 == 1


def test_ours_fill_what_is_empty(office, post):
    office.enter("1.2.1", appraised_1="1")
    assert post({"1.1.1/appraised_1": "0,5"}, then="fill").status_code == 302
    card = compute(office.period, office.criteria_set)
    scores = {s.criterion.code: s for s in office.card.scores.select_related("criterion")}
    assert (scores["1.2.1"].appraised_1, scores["1.1.1"].appraised_1) == (1, Decimal("0.5"))
    # 2 × 2/3, to the four decimals that are stored.
    assert scores["1.3.1"].appraised_1 == Decimal("1.3333")
    assert not appraisal.lacking(card, 1)
    assert "9.1.1" not in scores
    filled = office.card.events.get(action="Lấy điểm tự chấm")
    assert len(filled.changes) == len(office.own) - 2


def test_the_second_round_is_filled_with_the_first(office, post):
    office.enter("1.2.1", appraised_1="1")
    office.state("appraised_1")
    post({}, round_=2, then="fill")
    assert office.score("1.2.1").appraised == 1
    assert office.score("1.3.1").appraised == Decimal("1.3333")


def test_a_round_is_finished_only_whole(office, post):
    answer = post({"1.2.1/appraised_1": "1"}, then="finish")
    assert answer.status_code == 422
    page = words(answer)
    assert f"còn {len(office.own) - 1} tiêu chí chưa có điểm" in page
    assert 'href="#tc-1.1.1"' in page
    assert 'href="#tc-1.2.1"' not in page
    office.card.refresh_from_db()
    assert office.card.state == "sent"
    # What was typed was stored all the same.
    assert office.score("1.2.1").appraised_1 == 1
    post({}, then="fill")
    assert post({}, then="finish").status_code == 302
    office.card.refresh_from_db()
    assert office.card.state == "appraised_1"
    with pytest.raises(Unready):
        appraisal.finish(scorecard=office.card, round_=2, by=office.by())
    appraisal.fill(scorecard=office.card, round_=2, by=office.by())
    appraisal.finish(scorecard=office.card, round_=2, by=office.by())
    assert office.card.state == "appraised_2"


def test_a_repeated_finish_is_told(office, post):
    appraisal.fill(scorecard=office.card, round_=1, by=office.by())
    post({}, then="finish")
    assert post({}, then="finish").status_code == 422
    assert office.card.events.filter(to_state="appraised_1", from_state="sent").count() == 1


def test_what_does_not_apply_needs_no_points(office):
    office.enter("1.1.1", not_applicable=True, reason="Không thuộc phạm vi")
    lacking = appraisal.lacking(compute(office.period, office.criteria_set), 1)
    assert "1.1.1" not in {leaf.criterion.code for leaf in lacking}


@pytest.mark.parametrize("state", ["draft", "approved"])
def test_not_before_it_is_sent(client, office, post, state):
    office.state(state)
    page = words(office.go(client, "appraisal_form", office.card.pk))
    assert "Phiếu điểm chưa gửi tỉnh" in page
    assert "<textarea" not in page
    data = {"lan": 1, office.name("1.2.1", "appraised_1"): "1"}
    answer = office.go(client, "appraisal_form", office.card.pk, data=data)
    assert answer.status_code == 422
    assert not LeafScore.objects.exists()


def test_after_publication_only_by_a_step_back(client, office):
    office.enter("1.2.1", appraised="1")
    Scorecard.objects.filter(pk=office.card.pk).update(state="published", published_index=70)
    office.card.refresh_from_db()
    page = words(office.go(client, "appraisal_form", office.card.pk))
    assert "lùi phiếu điểm lại một bước" in page
    with pytest.raises(Refused, match="đã công bố"):
        save(office, c1_2_1={"appraised": "0"})
    move(scorecard=office.card, action="step_back", by=office.by(), reason="Tỉnh đính chính")
    assert save(office, c1_2_1={"appraised": "0"}, base={"1.2.1": {"appraised": "1"}}) == 1


def test_leaders_read_and_heads_do_not(client, office):
    office.enter("1.2.1", appraised_1="1", note="Ý kiến của tỉnh đây")
    page = words(office.go(client, "appraisal_form", office.card.pk, who="leader", lan=1))
    assert "Ý kiến của tỉnh đây" in page
    assert "<textarea" not in page
    assert "Hoàn tất" not in page
    data = {"lan": 1, "then": "fill"}
    assert (
        office.go(client, "appraisal_form", office.card.pk, who="leader", data=data).status_code
        == 403
    )
    assert office.go(client, "appraisal_form", office.card.pk, who="head").status_code == 403
    assert office.score("1.1.1").appraised_1 is None


def test_a_stored_row_that_another_transaction_changed_is_seen(office):
    with pytest.raises(Overtaken):
        office.enter("1.2.1", appraised_1="1")
        save(office, c1_2_1={"appraised_1": "0,5"}, base={"1.2.1": {"appraised_1": "0,25"}})


def test_unknown_codes_are_left_alone(office):
    assert save(office, c7777={"appraised_1": "1"}) == 0


def test_the_home_page_says_what_comes_first(client, office):
    page = words(office.go(client, "appraisal_home"))
    assert 'aria-current="step"' in page
    assert "Thẩm định lần 1" in page
    assert "45/BC-SGDĐT" in page
    office.state("draft")
    assert "Khi đã gửi tỉnh mới nhập được" in words(office.go(client, "appraisal_home"))
    Scorecard.objects.all().delete()
    assert "Chưa có phiếu điểm nào" in words(office.go(client, "appraisal_home", nam="x"))


def test_queries_do_not_grow(client, office):
    def count(name, *args, **query):
        with CaptureQueriesContext(connection) as captured:
            assert office.go(client, name, *args, **query).status_code == 200
        return len(captured)

    def pages():
        return {
            "form": count("appraisal_form", office.card.pk, lan=2),
            "home": count("appraisal_home"),
            "compare": count("appraisal_compare", office.card.pk, loc="tat-ca"),
            "publication": count("publication_form", office.card.pk),
        }

    office.enter("1.2.1", appraised="0,5".replace(",", "."))
    pages()
    few = pages()
    for code in office.own:
        office.enter(code, appraised_1="0", appraised="0", note="Ý kiến", loss="late", focus=True)
    more = pages()
    more["compare"] -= 1  # the tasks behind the focus: one query where there is any
    assert more == few
    assert max(more.values()) <= 30


def test_the_menu_and_its_tab_are_lit(client, office):
    page = words(office.go(client, "appraisal_compare", office.card.pk))
    lit = re.findall(r'<a [^>]*href="([^"]+)"[^>]*aria-current="[^"]+"', page)
    assert "/diem/" in lit
    assert "/diem/tham-dinh/" in lit


def test_what_was_typed_into_a_locked_card_is_not_shown_as_stored(client, office):
    office.enter("1.2.1", appraised="1")
    Scorecard.objects.filter(pk=office.card.pk).update(state="published", published_index=70)
    data = {"lan": 2, office.name("1.2.1", "appraised"): "0,123"}
    answer = office.go(client, "appraisal_form", office.card.pk, data=data)
    assert answer.status_code == 422
    assert "0,123" not in words(answer)


def test_the_second_round_waits_for_the_first_unless_there_is_only_one(client, office, post):
    cell = office.name("1.2.1", "appraised")
    page = words(office.go(client, "appraisal_form", office.card.pk, lan=2))
    assert "Chưa hoàn tất thẩm định lần 1" in page and f'name="{cell}"' not in page
    assert 'href="?lan=2&amp;mot-lan=1"' in page
    answer = office.go(
        client, "appraisal_form", office.card.pk, data={"lan": 2, "base": "{}", cell: "0,5"}
    )
    assert answer.status_code == 422 and office.score("1.2.1").appraised is None
    # Expressly: the page says it, keeps to it, and what is stored then says it by itself.
    chosen = office.go(client, "appraisal_form", office.card.pk, **{"lan": 2, "mot-lan": 1})
    assert "Tỉnh chỉ thẩm định một lần" in words(chosen) and f'name="{cell}"' in words(chosen)
    data = {"lan": 2, "mot-lan": "1", "base": base_of(chosen), cell: "0,5"}
    assert (
        office.go(client, "appraisal_form", office.card.pk, data=data | {cell: "x"}).status_code
        == 422
    )
    assert office.go(client, "appraisal_form", office.card.pk, data=data)["Location"].endswith(
        "?lan=2&mot-lan=1"
    )
    assert office.score("1.2.1").appraised == Decimal("0.5")
    assert post({}, round_=2, then="fill").status_code == 302
    assert post({}, round_=2, then="finish").status_code == 302
    office.card.refresh_from_db()
    assert office.card.state == "appraised_2"


def test_a_leader_is_not_offered_to_leave_a_round_out(client, office):
    page = words(office.go(client, "appraisal_form", office.card.pk, who="leader", lan=2))
    assert "Chưa hoàn tất thẩm định lần 1" in page and "mot-lan" not in page


def test_cells_that_were_refused_are_not_counted_as_filled(office, post):
    page = words(post({"1.1.1/appraised_1": "9", "1.1.2/appraised_1": "0"}))
    assert "0/8 tiêu chí có điểm" in page or "0/7 tiêu chí có điểm" in page


def test_the_second_round_is_not_finished_while_a_unit_is_asked(client, office, post):
    asked = Explanation.objects.create(
        agency=office.agency,
        period=office.period,
        unit=office.units["TCCB"],
        code="4.1.1",
        title="Tiêu chí",
        question="Vì sao?",
        due_before=NOW.date(),
    )
    appraisal.fill(scorecard=office.card, round_=2, by=office.by())
    office.state("appraised_1")
    answer = post({}, round_=2, then="finish")
    assert answer.status_code == 422
    assert f"4.1.1 ({office.units['TCCB'].name})" in words(answer)
    office.card.refresh_from_db()
    assert office.card.state == "appraised_1"
    # Who is both in the office and in that unit may take it back all the same.
    office.people["both"] = User.objects.create_user(
        "both@example.vn", name="Kiêm", unit=office.units["TCCB"], roles=["reporter", "coordinator"]
    )
    page = words(office.go(client, "explanation_detail", asked.pk, who="both"))
    assert "Rút yêu cầu" in page
    done = office.go(
        client, "explanation_withdraw", asked.pk, who="both", data={"reason": "Đủ rồi"}
    )
    assert done.status_code == 302
    assert post({}, round_=2, then="finish").status_code == 302
