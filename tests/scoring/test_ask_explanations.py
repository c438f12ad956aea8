"""«Giải trình với tỉnh»: leaves the first round cut, units asked, answers taken into our text, the card goes on (R27)."""

import datetime as dt
from fractions import Fraction

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from sent_card import BACKEND, NOW, SentOffice, words

from accounts.history import Actor
from accounts.models import Mail, User
from scoring import explaining
from scoring.appraisal import Overtaken
from scoring.explaining import Wish
from scoring.models import ScorecardEvent
from scoring.scorecard_services import Faults
from tasks import explanations
from tasks.explanation_documents import add_document
from tasks.models import Explanation
from tasks.services import Refused

DUE = dt.date(2020, 2, 10)


@pytest.fixture
def office(db, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "files"
    with time_machine.travel(NOW):
        office = SentOffice(tmp_path)
        office.enter("1.2.1", appraised_1="1", asked="Thiếu tài liệu tập huấn.", loss="evidence")
        office.enter("4.1.1", appraised_1="1.5", note="Chưa rõ văn bản.")
        office.enter("4.1.4", appraised_1="1.5")  # as we gave ourselves
        for code in ("VP", "KHTC"):
            office.people[code] = User.objects.create_user(
                f"{code}@example.vn", name=f"Trưởng {code}", unit=office.units[code], roles=["head"]
            )
        office.state("appraised_1")
        yield office


def ask(office, code="1.2.1", unit="VP", question="Giải trình."):
    (made,) = explaining.ask_units(
        scorecard=office.card,
        by=office.by(),
        due_before=DUE,
        wishes=[Wish(office.leaves[code], [office.units[unit]], question)],
    )
    return made


def answer(office, explanation, text="Đã tập huấn.", number=""):
    by = Actor.of(User.objects.get(unit=explanation.unit, is_head=True))
    if number:
        add_document(explanation=explanation, by=by, number=number, section="trang 2")
    assert explanations.answer(explanation=explanation, by=by, text=text, version=0)
    explanation.refresh_from_db()
    return explanation


def fields(office, code="1.2.1", units=("VP",), **more):
    pk = office.leaves[code].pk
    return {
        f"c{pk}": "1",
        f"u{pk}": [office.units[unit].pk for unit in units],
        f"q{pk}": "Đề nghị giải trình.",
        "due_before": "10/02/2020",
        **more,
    }


# -- What is to be explained --------------------------------------------------------------------


def test_what_was_asked_or_cut_is_listed_with_the_units_that_hold_the_figures(office):
    found = explaining.explaining_of(office.card)
    assert [row.criterion.code for row in found.rows] == ["1.2.1", "4.1.1"]
    first, second = found.rows
    assert (first.ours, first.appraised, first.cut) == (
        Fraction("1.38"),
        Fraction(1),
        Fraction("0.38"),
    )
    assert second.cut == Fraction("0.5")
    assert found.cut == Fraction("0.88")
    assert [unit.code for unit in first.units] == [
        unit.code
        for unit in dict.fromkeys(
            report.unit
            for report in office.period.reports.filter(task__code="1.2")
            .select_related("unit")
            .order_by("unit__order")
        )
    ]
    assert "TCCB" in [unit.code for unit in second.units]


def test_points_above_ours_are_no_cut(office):
    office.enter("4.1.1", appraised_1="2")
    office.enter("1.3.1", appraised_1="2")  # more than we gave ourselves
    assert [row.criterion.code for row in explaining.explaining_of(office.card).rows] == ["1.2.1"]


def test_the_page_offers_the_units_and_the_provinces_words(client, office):
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "Thiếu tài liệu tập huấn." in page and "Chưa rõ văn bản." in page
    assert "tự chấm <strong>1,38</strong>" in page and "giảm 0,38" in page
    pk, vp = office.leaves["1.2.1"].pk, office.units["VP"].pk
    assert f'name="c{pk}" value="1" data-toggles="ask-body-{pk}" checked' in page
    assert f'name="u{pk}" value="{vp}" checked' in page
    # Cut but not asked about: offered, not chosen.
    other = office.leaves["4.1.1"].pk
    assert f'data-toggles="ask-body-{other}" checked' not in page


def test_a_leader_reads_and_asks_nothing(client, office):
    ask(office)
    page = words(office.go(client, "explanation_ask", office.card.pk, who="leader"))
    assert "Thiếu tài liệu tập huấn." in page and "<textarea" not in page
    assert "Chuyển yêu cầu" not in page


@pytest.mark.parametrize("state", ["draft", "approved", "sent"])
def test_before_the_first_round_there_is_nothing_to_explain(client, office, state):
    office.state(state)
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "chưa thẩm định xong lần 1" in page and "formaction" not in page
    answer = office.go(client, "explanation_ask", office.card.pk, data=fields(office))
    assert answer.status_code == 422
    assert not Explanation.objects.exists()


@pytest.mark.parametrize("state", ["explained", "appraised_2"])
def test_afterwards_it_is_only_read(client, office, state):
    explanation = answer(office, ask(office))
    office.state(state)
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "Đã tập huấn." in page and "formaction" not in page
    for name, args, data in (
        ("explanation_ask", (), fields(office, "4.1.1", ("TCCB",))),
        ("explained_save", (office.leaves["1.2.1"].pk,), {"explained": "Sửa"}),
        ("explanation_take_in", (explanation.pk,), {}),
        ("explanation_finish", (), {"number": "1", "issued_on": "20/01/2020", "confirmed": "on"}),
    ):
        assert office.go(client, name, office.card.pk, *args, data=data).status_code == 422, name
    explanation.refresh_from_db()
    assert explanation.state == "answered"
    assert office.score("1.2.1").explained == ""


# -- Asking -------------------------------------------------------------------------------------


def test_all_chosen_are_asked_at_once(client, office):
    data = fields(office, "1.2.1", ("VP",)) | fields(office, "4.1.1", ("TCCB", "VP"))
    for n in range(2):
        page = office.go(client, "explanation_ask", office.card.pk, data=data)
        assert page.status_code == 302, n
        made = Explanation.objects.values_list("unit__code", "code", "due_before")
        assert sorted(made) == [
            ("TCCB", "4.1.1", DUE),
            ("VP", "1.2.1", DUE),
            ("VP", "4.1.1", DUE),
        ]
    first = Explanation.objects.get(unit__code="TCCB")
    assert (first.title, first.question) == (office.leaves["4.1.1"].name, "Đề nghị giải trình.")
    assert first.period == office.period
    assert Mail.objects.filter(kind="explanation_asked", user=office.people["head"]).count() == 1
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "Chờ đơn vị giải trình" in page
    # Who is asked already is not offered again.
    pk, tccb = office.leaves["4.1.1"].pk, office.units["TCCB"].pk
    assert f'name="u{pk}" value="{tccb}"' not in page


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"due_before": ""}, "Chưa ghi hạn trả lời"),
        ({"due_before": "mai"}, "Không đọc được ngày"),
        ({"due_before": "20/01/2020"}, "sau ngày hôm nay"),
        ({"units": ()}, "Chưa chọn đơn vị giải trình"),
        ({"question": "  "}, "Chưa ghi nội dung yêu cầu"),
        ({"question": "x" * 4001}, "dài quá 4000"),
        ({"chosen": None}, "chọn ít nhất một tiêu chí"),
    ],
)
def test_what_asking_needs_and_nothing_typed_is_lost(client, office, change, text):
    pk = office.leaves["4.1.1"].pk
    data = fields(office, "4.1.1", change.get("units", ("TCCB",)))
    data[f"q{pk}"] = change.get("question", "Câu hỏi của tôi")
    data["due_before"] = change.get("due_before", "10/02/2020")
    if "chosen" in change:
        del data[f"c{pk}"]
    page = office.go(client, "explanation_ask", office.card.pk, data=data)
    assert page.status_code == 422
    assert text in words(page)
    if "question" not in change:
        assert "Câu hỏi của tôi" in words(page)
    assert not Explanation.objects.exists()


def test_strange_units_are_none(client, office):
    pk = office.leaves["4.1.1"].pk
    data = fields(office, "4.1.1") | {f"u{pk}": ["x", "-1", "²", "9" * 30]}
    page = office.go(client, "explanation_ask", office.card.pk, data=data)
    assert page.status_code == 422
    assert not Explanation.objects.exists()


def test_a_unit_without_anybody_to_answer_is_not_offered(client, office):
    pk, here = office.leaves["4.1.1"].pk, office.units["TCCB"].pk
    empty = office.units["TTRA"].pk
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert f'name="u{pk}" value="{here}"' in page
    assert f'name="u{pk}" value="{empty}"' not in page


def test_a_leaf_of_another_set_is_not_asked_about(office, tmp_path):
    other = office.leaves["1.2.1"]
    other.criteria_set_id = 0
    with pytest.raises(Refused, match="không có điểm"):
        explaining.ask_units(
            scorecard=office.card,
            by=office.by(),
            due_before=DUE,
            wishes=[Wish(other, [office.units["VP"]], "?")],
        )


# -- Answers into our text ----------------------------------------------------------------------


def test_an_answer_goes_into_the_text_with_its_documents_once(client, office):
    explanation = answer(office, ask(office), "Đã tập huấn 3 lớp.", number="9/DS")
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "Đã tập huấn 3 lớp." in page and "9/DS" in page and "Đưa vào giải trình" in page
    for _ in range(2):
        page = office.go(client, "explanation_take_in", office.card.pk, explanation.pk, data={})
        assert page.status_code == 302
    assert office.score("1.2.1").explained == "Đã tập huấn 3 lớp.\nTài liệu: 9/DS (trang 2)."
    explanation.refresh_from_db()
    assert explanation.state == "taken"
    event = ScorecardEvent.objects.get(action="Đưa giải trình của đơn vị vào")
    assert event.changes == {
        "1.2.1.explained": ["", "Đã tập huấn 3 lớp.\nTài liệu: 9/DS (trang 2)."]
    }
    assert (event.from_state, event.to_state) == ("appraised_1", "appraised_1")


def test_a_second_answer_stands_behind_what_is_written(office):
    first, second = (
        answer(office, ask(office, unit=unit), f"Của {unit}.") for unit in ("VP", "KHTC")
    )
    for one in (first, second):
        assert explaining.take_in(
            scorecard=office.card, criterion=office.leaves["1.2.1"], by=office.by(), explanation=one
        )
    assert office.score("1.2.1").explained == "Của VP.\n\nCủa KHTC."


def test_what_does_not_fit_is_not_taken(client, office):
    office.enter("1.2.1", explained="x" * 3999)
    explanation = answer(office, ask(office))
    page = office.go(client, "explanation_take_in", office.card.pk, explanation.pk, data={})
    assert page.status_code == 422
    assert "Dài quá" in words(page)
    explanation.refresh_from_db()
    assert explanation.state == "answered"


@pytest.mark.parametrize("state", ["asked", "returned"])
def test_only_an_answer_is_taken_in(client, office, state):
    explanation = ask(office)
    if state == "returned":
        answer(office, explanation)
        explanations.return_(explanation=explanation, by=office.by(), reason="Thiếu")
    page = office.go(client, "explanation_take_in", office.card.pk, explanation.pk, data={})
    assert page.status_code == 422
    assert office.score("1.2.1").explained == ""


def test_an_answer_to_another_leaf_is_not_taken_in(office):
    explanation = answer(office, ask(office, "4.1.1", "TCCB"))
    with pytest.raises(Refused, match="không thuộc tiêu chí"):
        explaining.take_in(
            scorecard=office.card,
            criterion=office.leaves["1.2.1"],
            by=office.by(),
            explanation=explanation,
        )


def test_the_text_is_edited_and_of_two_the_second_is_told(client, office):
    leaf = office.leaves["1.2.1"]

    def save(text, before):
        data = {f"explained-{leaf.pk}": text, f"seen-{leaf.pk}": before}
        return office.go(client, "explained_save", office.card.pk, leaf.pk, data=data)

    assert save("Một.\r\nHai.", "").status_code == 302
    assert office.score("1.2.1").explained == "Một.\nHai."
    page = save("Của tôi.", "")
    assert page.status_code == 422
    assert "Của tôi." in words(page) and "Một.<br>Hai." in words(page)
    assert office.score("1.2.1").explained == "Một.\nHai."
    assert save("Cả hai.", "Một.\r\nHai.").status_code == 302
    assert office.score("1.2.1").explained == "Cả hai."
    assert save("x" * 4001, "Cả hai.").status_code == 422
    with pytest.raises(Overtaken):
        explaining.write(
            scorecard=office.card, criterion=leaf, text="Nữa", before="khác", by=office.by()
        )


# -- Done ---------------------------------------------------------------------------------------


def done(client, office, **fields):
    data = {"number": "15/SGDĐT-VP", "issued_on": "20/01/2020"} | fields
    return office.go(client, "explanation_finish", office.card.pk, data=data)


def test_the_card_goes_on_with_the_number_and_date_of_our_document(client, office):
    explanation = answer(office, ask(office))
    page = done(client, office, confirmed="on")
    assert page.status_code == 422  # the answer lies unread
    assert "Còn 1 yêu cầu gửi đơn vị chưa xong: 1.2.1 (Văn phòng Sở)" in words(page)
    explaining.take_in(
        scorecard=office.card,
        criterion=office.leaves["1.2.1"],
        by=office.by(),
        explanation=explanation,
    )
    assert done(client, office).status_code == 302
    office.card.refresh_from_db()
    assert office.card.state == "explained"
    event = office.card.events.filter(to_state="explained").get()
    assert (event.basis, event.basis_date) == ("văn bản 15/SGDĐT-VP", dt.date(2020, 1, 20))
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "Đã giải trình với tỉnh bằng văn bản 15/SGDĐT-VP ngày 20/01/2020" in page


def test_what_was_asked_and_has_no_text_is_named_and_may_be_confirmed(client, office):
    page = done(client, office)
    assert page.status_code == 422
    assert "chưa có nội dung: 1.2.1." in words(page)
    assert done(client, office, confirmed="on").status_code == 302


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"number": " "}, "number"),
        ({"number": "x" * 61}, "number"),
        ({"issued_on": None}, "issued_on"),
        ({"issued_on": dt.date(2020, 1, 21)}, "issued_on"),  # tomorrow
        ({"issued_on": dt.date(2019, 12, 19)}, "issued_on"),  # before the card was sent
    ],
)
def test_what_the_end_needs(office, fields, name):
    columns = {"number": "15", "issued_on": dt.date(2020, 1, 20), "confirmed": True} | fields
    with pytest.raises(Faults) as found:
        explaining.finish(scorecard=office.card, by=office.by(), **columns)
    assert list(found.value.faults) == [name]
    office.card.refresh_from_db()
    assert office.card.state == "appraised_1"


def test_a_typed_day_that_is_none_comes_back(client, office):
    page = done(client, office, issued_on="32/01/2020")
    assert page.status_code == 422
    assert "Không đọc được ngày" in words(page) and "32/01/2020" in words(page)


def test_queries_do_not_grow_with_leaves_units_and_answers(client, office):
    def count():
        client.force_login(office.people["coordinator"], backend=BACKEND)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("explanation_ask", args=[office.card.pk])).status_code == 200
        return len(queries)

    answer(office, ask(office), number="1/A")
    before = count()
    for n, code in enumerate(("1.1.1", "4.1.1", "4.1.2", "5.1.1", "8.1.3")):
        office.enter(code, appraised_1="0", asked="Vì sao?")
        answer(office, ask(office, code, "TCCB"), number=f"{n}/B")
    assert count() == before


def test_the_tab_leads_to_the_card_that_is_explained(client, office):
    page = office.go(client, "explanation_home")
    assert page.url == reverse("explanation_ask", args=[office.card.pk])
    office.state("sent")
    assert office.go(client, "explanation_home").url == reverse("explanation_list")


# -- Nothing typed is lost ----------------------------------------------------------------------


def test_every_button_takes_along_what_was_typed(client, office):
    """Texts are saved; what stands in the other fields comes back (one form around the page)."""
    explanation = answer(office, ask(office))
    one, other = office.leaves["4.1.1"].pk, office.leaves["1.2.1"].pk
    typed = {
        f"explained-{one}": "Văn bản đã rõ.",
        f"seen-{one}": "",
        f"explained-{other}": "Của Sở.",
        f"seen-{other}": "",
        f"c{one}": "1",
        f"q{one}": "Câu hỏi đang soạn",
        "due_before": "12/02/2020",
        "number": "77/SGDĐT",
    }
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert page.count('<form method="post" action="/diem/') == 1
    assert (
        office.go(
            client, "explanation_take_in", office.card.pk, explanation.pk, data=typed
        ).status_code
        == 302
    )
    assert office.score("4.1.1").explained == "Văn bản đã rõ."
    assert office.score("1.2.1").explained.startswith("Của Sở.")
    page = words(office.go(client, "explanation_ask", office.card.pk))
    assert "Câu hỏi đang soạn" in page and "12/02/2020" in page and "77/SGDĐT" in page
    assert "Chưa ghi hạn" not in page
    # Given back once.
    assert "77/SGDĐT" not in words(office.go(client, "explanation_ask", office.card.pk))


def test_a_text_that_cannot_be_saved_stops_the_other_button(client, office):
    leaf = office.leaves["4.1.1"].pk
    office.enter("4.1.1", explained="Người kia viết.")
    data = fields(office) | {f"explained-{leaf}": "Tôi viết.", f"seen-{leaf}": ""}
    page = office.go(client, "explanation_ask", office.card.pk, data=data)
    assert page.status_code == 422 and not Explanation.objects.exists()
    assert "Tôi viết." in words(page) and "Người kia viết." in words(page)
    assert "Đề nghị giải trình." in words(page) and "10/02/2020" in words(page)


def test_nothing_ticked_is_the_one_thing_that_is_said(client, office):
    page = words(office.go(client, "explanation_ask", office.card.pk, data={"due_before": ""}))
    assert "Hãy chọn ít nhất một tiêu chí" in page and "Chưa ghi hạn trả lời" not in page
