"""«Trình Lãnh đạo Sở»: the office offers the card, leaders are told once and see it on their first page (R27)."""

import re
from decimal import Decimal

import pytest
import time_machine
from card_office import BACKEND, NOW, CardOffice
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Mail
from scoring import entries, offering
from scoring.frozen import freeze
from scoring.models import Scorecard, ScorecardEvent
from scoring.scorecard_services import Unready
from scoring.seen import ChangedSince
from scoring.states import Action
from tasks.services import Refused


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW, tick=False):
        yield CardOffice(tmp_path)


@pytest.fixture
def see(client, office):
    def seen(name, *args, role="coordinator", data=None):
        client.force_login(office.people[role], backend=BACKEND)
        url = reverse(name, args=args)
        return client.get(url) if data is None else client.post(url, data)

    return seen


def words(answer):
    return " ".join(answer.content.decode().split())


def shown_by(answer):
    return {"shown": re.search(r'name="shown" value="([^"]+)"', answer.content.decode())[1]}


def offer(office, **more):
    return offering.offer(scorecard=office.fresh, by=office.office, **more)


def change(office, points):
    entries.set_override(
        scorecard=office.fresh,
        criterion=office.leaf("A.2"),
        points=Decimal(points),
        explanation="Sửa",
        by=office.office,
    )


def test_leaders_are_told_once_and_see_it_first(office, see):
    office.complete()
    assert "chờ Lãnh đạo Sở duyệt" not in words(see("dashboard", role="leader"))
    pk = office.scorecard.pk
    form = shown_by(see("scorecard_move", pk, "duyet"))
    for _ in range(2):  # a click too many
        assert see("scorecard_offer", pk, data=form).status_code == 302
    event = ScorecardEvent.objects.get(action="Trình Lãnh đạo Sở")
    assert (event.actor_name, office.fresh.state) == ("Họ coordinator", "draft")
    mail = Mail.objects.get(kind="scorecard_offered")
    assert mail.to == "leader@example.vn"
    assert "phiếu điểm năm 2019 chờ Lãnh đạo Sở duyệt" in mail.subject
    assert f"/diem/{pk}/buoc/duyet/" in mail.text
    page = words(see("dashboard", role="leader"))
    assert "Phiếu điểm năm 2019 chờ Lãnh đạo Sở duyệt" in page
    assert f'href="/diem/{pk}/buoc/duyet/"' in page
    assert "chờ Lãnh đạo Sở duyệt" not in words(see("dashboard"))
    assert "đã trình Lãnh đạo Sở lúc 09:00 25/11/2019" in words(see("scorecard_detail"))
    assert "nội dung đã trình" in words(see("scorecard_history", pk))


def test_a_change_after_the_offer_shows(office, see):
    office.complete()
    offer(office)
    change(office, "0.5")
    assert "đã thay đổi sau khi trình" in words(see("dashboard", role="leader"))
    assert "Phiếu điểm đã thay đổi sau khi trình" in words(see("scorecard_detail"))
    page = words(see("scorecard_move", office.scorecard.pk, "duyet", role="leader"))
    assert "Đã thay đổi sau khi trình" in page
    offer(office)
    assert Mail.objects.filter(kind="scorecard_offered").count() == 2
    assert "đã thay đổi sau khi trình" not in words(see("dashboard", role="leader"))
    # A report changes the card too, although nobody entered anything in it.
    office.change_figure("100")
    assert "Phiếu điểm đã thay đổi sau khi trình" in words(see("scorecard_detail"))


def test_an_approval_ends_the_offer_also_when_it_is_withdrawn(office, see):
    office.complete()
    offer(office)
    office.move(Action.APPROVE, confirmed=True)
    assert offering.offer_of(office.fresh) is None
    with pytest.raises(Refused, match="không trình duyệt nữa"):
        offer(office)
    office.move(Action.WITHDRAW, reason="Sửa")
    assert offering.offer_of(office.fresh) is None
    assert "chờ Lãnh đạo Sở duyệt" not in words(see("dashboard", role="leader"))


def test_what_is_not_ready_or_was_not_seen_is_not_offered(office, see):
    with pytest.raises(Unready):
        offer(office)
    office.complete()
    pk = office.scorecard.pk
    form = shown_by(see("scorecard_move", pk, "duyet"))
    kept = freeze(office.card())
    change(office, "0.5")
    with pytest.raises(ChangedSince, match=r"A\.2 1,25 → 0,5"):
        offer(office, shown=kept)
    answer = see("scorecard_offer", pk, data=form)
    assert answer.status_code == 422
    assert "Thay đổi từ khi mở trang" in words(answer)
    assert not Mail.objects.exists()
    assert see("scorecard_offer", pk, role="leader", data=form).status_code == 403


def test_the_first_page_asks_no_more_for_more_cards(office, client):
    office.complete()
    offer(office)

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert len(offering.offers_for(office.people["leader"])) == Scorecard.objects.count()
        return len(captured) - 1

    few = count()
    for year in (2020, 2021):
        card = Scorecard.objects.create(agency=office.agency, year=year, criteria_set=office.set)
        ScorecardEvent.objects.create(
            **office.office.columns(),
            scorecard=card,
            action=offering.OFFERED,
            from_state="draft",
            to_state="draft",
        )
    assert count() == few == 2
