"""A scorecard from draft to publication: who may, when, on what basis; two at once; and what falls back (R27, R2b)."""

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from card_office import BACKEND, NOW, RESULTS, TODAY, CardOffice
from django.urls import reverse

from scoring import entries
from scoring import scorecard_services as services
from scoring.differences import differences
from scoring.frozen import Frozen
from scoring.models import Scorecard, ScorecardEvent
from scoring.scorecard_services import Faults, Unready
from scoring.states import MOVES, ORDER, Action, State, next_state, possible
from tasks.services import Refused

PROOFS = [("VP", "1.2", "1.2-a")]
WITHOUT_FIGURE = {
    "reports": [
        one if one["task"] != "1.2" else one | {"values": {"1.2-b": {"value": "2"}}}
        for one in RESULTS["reports"]
    ]
}
WITHOUT_A3 = {"reports": [report for report in RESULTS["reports"] if report["task"] != "1.3"]}


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW, tick=False):
        yield CardOffice(tmp_path)


# -- The table ----------------------------------------------------------------------------------


def test_the_table_knows_the_states_of_the_model():
    assert set(State) == set(Scorecard.State.values)
    assert set(MOVES) == set(Action)


def test_every_move_leads_only_from_its_sources():
    for action, move in MOVES.items():
        for state in State:
            there = next_state(state, action)
            assert (there is not None) == (state in move.sources), (state, action)


def test_the_round_may_be_left_out_and_the_way_back_is_the_way_that_was_gone():
    assert next_state("sent", Action.APPRAISE_2) == "appraised_2"
    assert next_state("appraised_1", Action.APPRAISE_2) == "appraised_2"
    assert next_state("appraised_2", Action.STEP_BACK, came_from="sent") == "sent"
    assert next_state("appraised_2", Action.STEP_BACK, came_from="appraised_1") == "appraised_1"
    assert next_state("appraised_2", Action.STEP_BACK) == "explained"
    # A file may have brought the publication to a draft; nothing after the state is a way back.
    assert next_state("published", Action.STEP_BACK, came_from="draft") == "draft"
    assert next_state("explained", Action.STEP_BACK, came_from="published") == "appraised_1"
    assert possible("draft") == {Action.APPROVE}


# -- Approving ----------------------------------------------------------------------------------


def test_the_whole_way_with_who_and_when(office):
    office.send()
    for action in (Action.APPRAISE_1, Action.EXPLAIN, Action.APPRAISE_2):
        office.move(action)
    office.move(
        Action.PUBLISH,
        published_index=Decimal("70.69"),
        published_rank=15,
        ranked_agencies=21,
        decision_number="99/QĐ-UBND",
        decision_issued_on=TODAY,
    )
    card = office.fresh
    assert card.state == "published"
    assert (card.published_index, card.published_rank) == (Decimal("70.69"), 15)
    steps = [e for e in ScorecardEvent.objects.order_by("pk") if e.from_state != e.to_state]
    assert [e.to_state for e in steps] == [str(state) for state in ORDER[1:]]
    assert steps[0].actor_name == "Họ leader"
    assert steps[1].changes["sent_number"] == ["", "12/BC-SGDĐT"]
    assert steps[-1].changes["published_index"] == [None, "70.69"]


def test_what_lacks_proof_or_points_keeps_it_from_being_approved(office):
    with pytest.raises(Unready) as refused:
        office.move(Action.APPROVE, confirmed=True)
    assert [gap.code for gap in refused.value.gaps] == ["A.1.2", "A.2"]
    assert "1.2-b" in refused.value.gaps[0].words
    assert "chờ Văn phòng chấm" in refused.value.gaps[1].words
    assert office.fresh.state == "draft"
    assert office.fresh.approved is None
    office.complete()
    assert office.move(Action.APPROVE, confirmed=True).state == "approved"


def test_a_leaf_without_points_needs_no_explanation(office):
    office.complete()
    # The report says that there is none: nothing to prove, and no points.
    office.indicators["1.2-b"].answers.update(amount=0)
    entries.explain(
        scorecard=office.fresh, criterion=office.leaf("A.1.2"), explanation="", by=office.office
    )
    assert office.move(Action.APPROVE, confirmed=True).state == "approved"


def test_missing_figures_are_confirmed_expressly(office):
    office.complete()
    office.put(WITHOUT_A3, proofs=PROOFS)
    with pytest.raises(Faults) as refused:
        office.move(Action.APPROVE)
    assert "1 tiêu chí có số liệu tạm tính" in refused.value.faults["confirmed"]
    assert office.move(Action.APPROVE, confirmed=True).state == "approved"


def test_the_office_records_what_a_leader_approved_on_paper(office):
    office.complete()
    leader = office.people["leader"]
    with pytest.raises(Faults) as refused:
        office.move(Action.APPROVE, by=office.office, confirmed=True)
    assert "leader" in refused.value.faults
    with pytest.raises(Faults) as refused:
        office.move(Action.APPROVE, by=office.office, confirmed=True, leader=leader)
    assert set(refused.value.faults) == {"basis", "given_on"}
    day = TODAY - dt.timedelta(days=1)
    for wrong in (TODAY + dt.timedelta(days=1), dt.date(2018, 12, 31)):
        with pytest.raises(Faults):
            office.move(
                Action.APPROVE,
                by=office.office,
                confirmed=True,
                leader=leader,
                basis="Bút phê",
                given_on=wrong,
            )
    office.move(
        Action.APPROVE,
        by=office.office,
        confirmed=True,
        leader=leader,
        basis="Bút phê tờ trình 45/TTr-VP",
        given_on=day,
    )
    event = ScorecardEvent.objects.get(to_state="approved")
    assert (event.actor_name, event.for_person) == ("Họ coordinator", "Họ leader")
    assert (event.basis, event.basis_date) == ("Bút phê tờ trình 45/TTr-VP", day)


def test_nobody_else_approves(office):
    office.complete()
    for leader in (office.people["head"], office.people["coordinator"]):
        with pytest.raises(Faults):
            office.move(
                Action.APPROVE,
                by=office.office,
                confirmed=True,
                leader=leader,
                basis="Căn cứ",
                given_on=TODAY,
            )
    assert office.fresh.state == "draft"


def test_of_two_approvals_the_second_is_told(office):
    office.complete()
    stale = office.fresh
    office.move(Action.APPROVE, confirmed=True)
    with pytest.raises(Refused, match=r"Họ leader vừa chuyển .* «Lãnh đạo Sở đã duyệt»"):
        services.move(
            scorecard=stale, action="approve", by=office.leader, seen="draft", confirmed=True
        )
    assert ScorecardEvent.objects.filter(to_state="approved").count() == 1


def test_a_step_from_the_wrong_state_says_where_the_card_is(office):
    with pytest.raises(Refused, match="đang ở bước «Đang lập»"):
        office.move(Action.SEND, sent_number="1", sent_on=TODAY)
    with pytest.raises(Refused, match="đang ở bước «Đang lập»"):
        office.move(Action.PUBLISH, published_index=Decimal(70))


# -- After the approval -------------------------------------------------------------------------


def test_a_changed_entry_takes_the_approval_with_it_in_one_event(office):
    office.approve()
    saved = entries.set_override(
        scorecard=office.fresh,
        criterion=office.leaf("A.2"),
        points=Decimal("1.5"),
        explanation="Ba sáng kiến",
        by=office.office,
    )
    assert saved.unapproved
    card = office.fresh
    assert (card.state, card.approved) == ("draft", None)
    event = card.events.last()
    assert (event.from_state, event.to_state) == ("approved", "draft")
    assert event.changes["A.2.override"] == ["1.25", "1.5"]


def test_the_same_again_changes_nothing_and_the_approval_stays(office):
    office.approve()
    saved = entries.set_override(
        scorecard=office.fresh,
        criterion=office.leaf("A.2"),
        points=Decimal("1.250"),
        explanation="Có hai sáng kiến",
        by=office.office,
    )
    assert not saved.changed
    assert office.fresh.state == "approved"


def test_what_changed_after_the_approval_is_not_sent(office):
    office.approve()
    office.change_figure("100")
    with pytest.raises(Unready, match=r"A\.1\.1 1,38 → 1,5; hãy trình duyệt lại"):
        office.move(Action.SEND, sent_number="12", sent_on=TODAY)
    assert office.fresh.state == "approved"
    assert office.fresh.sent is None
    office.move(Action.WITHDRAW, reason="Số liệu đã sửa")
    office.move(Action.APPROVE, confirmed=True)
    assert office.move(Action.SEND, sent_number="12", sent_on=TODAY).sent is not None


def test_a_figure_that_changes_without_the_points_is_confirmed_and_sent_as_approved(office):
    office.approve()
    kept = office.fresh.approved
    office.change_figure("184", "200")
    (one,) = differences(Frozen.read(kept), office.card())
    assert one.words == "A.1.1 1.2-a 92/100 (92%) → 184/200 (92%)"
    assert not one.matters
    with pytest.raises(Faults, match="Số liệu của 1 tiêu chí đã thay đổi"):
        office.move(Action.SEND, sent_number="12", sent_on=TODAY)
    assert office.move(Action.SEND, sent_number="12", sent_on=TODAY, confirmed=True).sent == kept


def test_no_points_for_another_reason_are_a_difference(office):
    """From a figure worth nothing to no figure at all: what was approved says something else."""
    office.change_figure("10")
    office.approve()
    office.put(WITHOUT_FIGURE, proofs=PROOFS)
    (one,) = differences(Frozen.read(office.fresh.approved), office.card())
    assert (one.points_differ, one.matters) == (False, True)
    with pytest.raises(Unready):
        office.move(Action.SEND, sent_number="12", sent_on=TODAY, confirmed=True)


def test_survey_points_after_the_sending_are_no_change_of_ours(office):
    office.send()
    office.fresh.scores.create(criterion=office.leaf("B.1"), survey=Decimal("2.5"))
    assert differences(Frozen.read(office.fresh.sent), office.card()) == ()


def test_bonus_that_came_in_otherwise_is_a_difference_too(office):
    office.approve()
    office.fresh.adjustments.create(kind="bonus", points=Decimal("0.5"), reason="Nạp từ tệp")
    with pytest.raises(Unready, match=r"Điểm thưởng, điểm trừ 0 → 0,5"):
        office.move(Action.SEND, sent_number="12", sent_on=TODAY)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"sent_number", "sent_on"}),
        ({"sent_number": " ", "sent_on": TODAY}, {"sent_number"}),
        ({"sent_number": "1" * 61, "sent_on": TODAY}, {"sent_number"}),
        ({"sent_number": "1", "sent_on": TODAY + dt.timedelta(days=1)}, {"sent_on"}),
        ({"sent_number": "1", "sent_on": TODAY - dt.timedelta(days=1)}, {"sent_on"}),
        ({"sent_number": "1", "sent_on": dt.date(2018, 12, 31)}, {"sent_on"}),
    ],
)
def test_a_sending_has_a_number_and_a_day_that_can_be(office, fields, wrong):
    office.approve()
    with pytest.raises(Faults) as refused:
        office.move(Action.SEND, **fields)
    assert set(refused.value.faults) == wrong
    assert office.fresh.state == "approved"


def test_back_needs_a_reason_and_keeps_what_it_undoes(office):
    office.send()
    sent = office.fresh.sent
    with pytest.raises(Faults) as refused:
        office.move(Action.RECALL, reason=" ")
    assert set(refused.value.faults) == {"reason"}
    office.move(Action.RECALL, reason="Tỉnh trả lại")
    card = office.fresh
    assert (card.state, card.sent, card.approved, card.sent_on) == ("draft", None, None, None)
    event = card.events.last()
    assert event.changes["sent"] == [sent, None]
    assert event.changes["sent_number"] == ["12/BC-SGDĐT", ""]
    assert event.reason == "Tỉnh trả lại"


def test_stepping_back_goes_the_way_that_was_gone(office):
    office.send()
    office.move(Action.APPRAISE_2)
    office.move(Action.PUBLISH, published_index=Decimal(80), published_rank=1, ranked_agencies=21)
    office.move(Action.STEP_BACK, reason="Nhập nhầm")
    card = office.fresh
    assert (card.state, card.published_index, card.published_rank) == ("appraised_2", None, None)
    assert card.events.last().changes["published_index"] == ["80", None]
    office.move(Action.STEP_BACK, reason="Nhập nhầm")
    assert office.fresh.state == "sent"
    assert office.fresh.sent is not None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "published_index"),
        ({"published_index": Decimal(201)}, "published_index"),
        ({"published_index": Decimal(70), "published_rank": 3}, "ranked_agencies"),
        (
            {"published_index": Decimal(70), "published_rank": 22, "ranked_agencies": 21},
            "published_rank",
        ),
        (
            {"published_index": Decimal(70), "published_rank": 0, "ranked_agencies": 21},
            "published_rank",
        ),
        (
            {"published_index": Decimal(70), "decision_issued_on": TODAY + dt.timedelta(days=1)},
            "decision_issued_on",
        ),
        (
            {"published_index": Decimal(70), "decision_issued_on": TODAY - dt.timedelta(days=1)},
            "decision_issued_on",
        ),
    ],
)
def test_a_publication_must_be_possible(office, fields, wrong):
    office.send()
    office.move(Action.APPRAISE_2)
    with pytest.raises(Faults) as refused:
        office.move(Action.PUBLISH, **fields)
    assert set(refused.value.faults) == {wrong}
    assert office.fresh.state == "appraised_2"


# -- On the pages -------------------------------------------------------------------------------


@pytest.fixture
def go(client, office):
    def went(step, role="coordinator", **data):
        client.force_login(office.people[role], backend=BACKEND)
        url = reverse("scorecard_move", args=[office.scorecard.pk, step])
        if not data:
            return client.get(url)
        shown = {} if "shown" in data else shown_by(client.get(url))
        return client.post(url, {"seen": office.fresh.state} | shown | data)

    return went


def shown_by(page):
    """What the form of a page says that it showed."""
    found = re.search(r'name="shown" value="([^"]+)"', page.content.decode())
    return {"shown": found[1]} if found else {}


def words(answer):
    return " ".join(answer.content.decode().split())


def test_a_leader_sees_what_is_to_be_done_and_then_approves(office, go):
    page = words(go("duyet", "leader"))
    assert "Cần xử lý trước khi duyệt" in page
    assert reverse("leaf_detail", args=[office.scorecard.pk, "A.1.2"]) in page
    assert '<button type="submit" class="btn btn-primary">' not in page
    assert go("duyet", "leader", confirmed="on").status_code == 422
    office.complete()
    office.put(WITHOUT_A3, proofs=PROOFS)
    assert "Duyệt khi còn 1 tiêu chí" in words(go("duyet", "leader"))
    answer = go("duyet", "leader", x="1")
    assert answer.status_code == 422
    assert "hãy đánh dấu xác nhận" in words(answer)
    assert go("duyet", "leader", confirmed="on").status_code == 302
    assert office.fresh.state == "approved"


def test_an_approval_on_paper_is_shown_as_such(office, go, client):
    office.complete()
    leader = office.people["leader"].pk
    answer = go("duyet", leader=leader, given_on="31/31/2019", basis="", confirmed="on")
    assert answer.status_code == 422
    assert "31/31/2019" in words(answer)
    answer = go("duyet", leader=leader, given_on="24/11/2019", basis="Bút phê số 5", confirmed="on")
    assert answer.status_code == 302
    page = words(client.get(answer.url))
    assert "Họ leader, ngày 24/11/2019" in page
    assert "Họ coordinator ghi theo: Bút phê số 5" in page
    assert "Bút phê số 5" in words(
        client.get(reverse("scorecard_history", args=[office.scorecard.pk]))
    )


def test_a_stale_form_is_told_and_writes_nothing(office, go):
    office.approve()
    events = ScorecardEvent.objects.count()
    answer = go("duyet", "leader", seen="draft", confirmed="on")
    assert answer.status_code == 422
    assert "vừa chuyển phiếu điểm sang «Lãnh đạo Sở đã duyệt»" in words(answer)
    assert ScorecardEvent.objects.count() == events


def test_nobody_approves_what_the_page_did_not_show(office, go, client):
    office.complete()
    seen = shown_by(go("duyet", "leader"))
    entries.set_override(
        scorecard=office.fresh,
        criterion=office.leaf("A.2"),
        points=Decimal("0.5"),
        explanation="Một sáng kiến",
        by=office.office,
    )
    answer = go("duyet", "leader", confirmed="on", **seen)
    page = words(answer)
    assert answer.status_code == 422
    assert "đã thay đổi từ khi mở trang: A.2 1,25 → 0,5" in page
    assert "Thay đổi từ khi mở trang" in page
    assert office.fresh.state == "draft"
    # The page has come back as the card is now; so seen, it can be approved.
    assert go("duyet", "leader", confirmed="on", **shown_by(answer)).status_code == 302
    assert Frozen.read(office.fresh.approved).leaves["A.2"].points == Fraction(1, 2)


@pytest.mark.parametrize("shown", ["", "x", "eyJhIjoxfQ:1abc:xyz"])
def test_a_form_that_does_not_say_what_it_showed_approves_nothing(office, go, shown):
    office.complete()
    answer = go("duyet", "leader", confirmed="on", shown=shown)
    assert answer.status_code == 422
    assert "không dùng được nữa" in words(answer)
    assert office.fresh.state == "draft"


def test_sending_with_other_figures_of_equal_points_asks_for_a_tick(office, go):
    office.approve()
    office.change_figure("184", "200")
    assert "Số liệu đã thay đổi, điểm không đổi" in words(go("gui"))
    answer = go("gui", sent_number="77/BC", sent_on="25/11/2019")
    assert answer.status_code == 422
    assert 'value="77/BC"' in words(answer)
    answer = go("gui", sent_number="77/BC", sent_on="25/11/2019", confirmed="on")
    assert answer.status_code == 302
    assert office.fresh.state == "sent"


def test_steps_are_for_their_roles(office, go):
    assert go("duyet", "head").status_code == 403
    assert go("gui", "leader").status_code == 403
    assert go("thu-hoi", "leader", reason="Không").status_code == 403
    assert go("khong-co").status_code == 404
    assert go("gui").status_code == 302  # not possible now: back to the card, with a word


def test_sending_refuses_with_the_list_and_leads_to_the_withdrawal(office, go, client):
    office.approve()
    office.change_figure("100")
    answer = go("gui", sent_number="77/BC", sent_on="25/11/2019")
    page = words(answer)
    assert answer.status_code == 422
    assert "Chưa ghi gửi được: điểm đã thay đổi sau khi duyệt." in page
    assert "1,38" in page
    assert "Ghi đã gửi</button>" not in page
    assert reverse("scorecard_move", args=[office.scorecard.pk, "rut-duyet"]) in page
    assert "Rút lại để trình duyệt lại" in words(client.get(reverse("scorecard_detail")))
