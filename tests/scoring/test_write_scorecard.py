"""What the office enters in a scorecard: beginning it, points of its own, what does not apply, bonus and penalty (R27, R28)."""

from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from card_office import BACKEND, CRITERIA, NOW, CardOffice
from django.urls import reverse
from made_results import write_yaml

from accounts.history import Actor
from accounts.models import Agency, Unit, User
from scoring import entries
from scoring import scorecard_services as services
from scoring.criteria_importing import import_criteria
from scoring.entries import Overtaken, version_of
from scoring.models import Adjustment, LeafScore, Scorecard, ScorecardEvent
from scoring.scorecard_services import Faults
from tasks.services import Refused


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW, tick=False):
        yield CardOffice(tmp_path)


@pytest.fixture
def other_set(office, tmp_path):
    path = write_yaml(tmp_path / "other.yaml", {**CRITERIA, "code": "KHAC", "name": "Bộ khác"})
    return import_criteria(path, by=Actor.system("kiểm thử")).criteria_set


# -- Beginning ----------------------------------------------------------------------------------


def test_beginning_twice_gives_one_card(office):
    again = services.begin(
        agency=office.agency, year=2019, criteria_set=office.set, by=office.office
    )
    assert again.pk == office.scorecard.pk
    assert Scorecard.objects.count() == 1
    assert ScorecardEvent.objects.count() == 1


def test_another_set_only_while_nothing_is_entered(office, other_set):
    def begin(one):
        return services.begin(agency=office.agency, year=2019, criteria_set=one, by=office.office)

    assert begin(other_set).criteria_set == other_set
    assert begin(office.set).criteria_set == office.set
    assert office.fresh.events.last().changes == {"criteria_set": ["KHAC", "NHO"]}
    office.complete()
    with pytest.raises(Refused, match="không đổi bộ tiêu chí được nữa"):
        begin(other_set)
    assert office.fresh.criteria_set == office.set


def test_a_set_that_is_not_valid_yet_or_still_written_begins_nothing(office, other_set):
    for change in ({"is_draft": True}, {"is_draft": False, "valid_from": 2020}):
        type(other_set).objects.filter(pk=other_set.pk).update(**change)
        other_set.refresh_from_db()
        with pytest.raises(Refused):
            services.begin(
                agency=office.agency, year=2019, criteria_set=other_set, by=office.office
            )


def test_a_year_of_which_only_the_publication_is_known_gets_its_set(office):
    known = Scorecard.objects.create(
        agency=office.agency, year=2020, published_index=Decimal(70), state="published"
    )
    card = services.begin(
        agency=office.agency, year=2020, criteria_set=office.set, by=office.office
    )
    assert (card.pk, card.criteria_set) == (known.pk, office.set)


# -- One leaf -----------------------------------------------------------------------------------


def override(office, points, explanation="Vì có văn bản", code="A.2", version=None):
    return entries.set_override(
        scorecard=office.fresh,
        criterion=office.leaf(code),
        points=points,
        explanation=explanation,
        by=office.office,
        version=version,
    )


def test_points_of_the_office_take_the_place_of_the_rules(office):
    override(office, Decimal("0.5"), code="A.1.1")
    leaf = office.score("A.1.1")
    assert (leaf.now.points, leaf.now.state) == (Fraction(1, 2), "override")
    entries.remove_override(
        scorecard=office.fresh, criterion=office.leaf("A.1.1"), by=office.office
    )
    leaf = office.score("A.1.1")
    assert leaf.now.points == Fraction("1.38")
    assert leaf.entry.explanation == ""
    assert [e.action for e in office.scorecard.events.order_by("pk")] == [
        "Lập phiếu điểm",
        "Văn phòng chấm điểm",
        "Bỏ điểm Văn phòng chấm",
    ]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (None, "Hãy ghi số điểm"),
        (Decimal("2.0001"), "2,0001 lớn hơn điểm tối đa 2"),
        (Decimal("-1.5"), "-1,5 nhỏ hơn điểm tối thiểu -1"),
        (Decimal("1.00001"), "4 chữ số"),
        (Decimal("1." + "0" * 39 + "1"), "4 chữ số"),
        (Decimal("NaN"), "4 chữ số"),
    ],
)
def test_points_outside_the_leaf_are_refused_at_their_field(office, points, words):
    with pytest.raises(Faults) as refused:
        override(office, points)
    assert words in refused.value.faults["points"]
    assert not LeafScore.objects.exists()


@pytest.mark.parametrize("points", ["2", "-1", "0", "1.2345"])
def test_the_bounds_themselves_are_points(office, points):
    override(office, Decimal(points))
    assert office.score("A.2").now.points == Fraction(points)


def test_an_override_needs_its_explanation_and_keeps_it(office):
    with pytest.raises(Faults) as refused:
        override(office, Decimal(1), explanation="  ")
    assert set(refused.value.faults) == {"explanation"}
    override(office, Decimal(1))
    with pytest.raises(Refused, match="cần lời giải trình"):
        entries.explain(
            scorecard=office.fresh, criterion=office.leaf("A.2"), explanation="", by=office.office
        )


def test_a_survey_is_the_provinces(office):
    with pytest.raises(Faults) as refused:
        override(office, Decimal(1), code="B.1")
    assert "do tỉnh đưa ra" in refused.value.faults["points"]


def test_not_applicable_takes_typed_points_with_it_and_comes_back(office):
    override(office, Decimal(1))
    entries.set_not_applicable(
        scorecard=office.fresh,
        criterion=office.leaf("A.2"),
        reason="Sở không có",
        by=office.office,
    )
    leaf = office.score("A.2")
    assert (leaf.now.counts, leaf.entry.override) == (False, None)
    with pytest.raises(Refused, match="đang ghi không áp dụng"):
        override(office, Decimal(1))
    entries.set_applicable(scorecard=office.fresh, criterion=office.leaf("A.2"), by=office.office)
    assert office.score("A.2").now.state == "waiting_manual"


def test_not_applicable_needs_a_reason_and_no_survey_points(office):
    leaf = office.leaf("B.1")
    with pytest.raises(Faults):
        entries.set_not_applicable(
            scorecard=office.fresh, criterion=leaf, reason=" ", by=office.office
        )
    LeafScore.objects.create(scorecard=office.scorecard, criterion=leaf, survey=2)
    with pytest.raises(Refused, match="đã có điểm điều tra"):
        entries.set_not_applicable(
            scorecard=office.fresh, criterion=leaf, reason="Không có", by=office.office
        )


def test_the_second_of_two_is_told_what_stands_there(office):
    override(office, Decimal("0.5"), version=version_of(None))
    with pytest.raises(Overtaken, match=r"Văn phòng chấm 0,5 điểm; giải trình: Vì có văn bản"):
        override(office, Decimal(1), version=version_of(None))
    assert LeafScore.objects.get().override == Decimal("0.5")
    override(office, Decimal(1), version=version_of(LeafScore.objects.get()))
    assert LeafScore.objects.get().override == Decimal(1)


def test_the_provinces_points_are_no_change_of_what_one_saw(office):
    override(office, Decimal("0.5"))
    version = version_of(LeafScore.objects.get())
    LeafScore.objects.update(appraised_1=Decimal("0.25"), note="Thiếu")
    override(office, Decimal(1), version=version)
    assert LeafScore.objects.get().appraised_1 == Decimal("0.25")


def test_nothing_of_ours_changes_once_it_is_sent(office):
    office.send()
    leaf, by = office.leaf("A.2"), office.office
    card = {"scorecard": office.fresh, "criterion": leaf, "by": by}
    for change, more in (
        (entries.set_override, {"points": Decimal(1), "explanation": "x"}),
        (entries.remove_override, {}),
        (entries.set_not_applicable, {"reason": "x"}),
        (entries.set_applicable, {}),
        (entries.explain, {"explanation": "x"}),
    ):
        with pytest.raises(Refused, match="đang ở bước «Đã gửi»"):
            change(**card, **more)
    with pytest.raises(Refused, match="đang ở bước «Đã gửi»"):
        bonus(office)


def test_a_leaf_of_another_set_or_a_heading_takes_nothing(office, other_set):
    for criterion in (other_set.criteria.get(code="A.2"), office.leaf("A.1")):
        with pytest.raises(Refused):
            entries.explain(
                scorecard=office.fresh, criterion=criterion, explanation="x", by=office.office
            )


# -- Bonus and penalty --------------------------------------------------------------------------


def bonus(office, points="1.5", kind="bonus", reason="Sáng kiến được công nhận"):
    return entries.add_adjustment(
        scorecard=office.fresh,
        kind=kind,
        points=None if points is None else Decimal(points),
        reason=reason,
        by=office.office,
    )


def test_bonus_and_penalty_are_capped_and_the_total_is_not(office):
    for reason in ("Một", "Hai"):
        bonus(office, "1.5", reason=reason)
    bonus(office, "0.5", "penalty")
    card = office.card()
    assert (card.bonus, card.penalty) == (2, Fraction(1, 2))
    override(office, Decimal(2))
    for code in ("A.1.1", "A.1.2", "A.3"):
        override(office, office.leaf(code).maximum, code=code)
    card = office.card()
    assert (card.index, card.total) == (100, Fraction(203, 2))


def test_the_same_row_twice_is_one(office):
    assert bonus(office).changed
    assert not bonus(office).changed
    assert Adjustment.objects.count() == 1
    assert ScorecardEvent.objects.filter(action="Thêm điểm thưởng").count() == 1


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"points": None}, "points"),
        ({"points": "0"}, "points"),
        ({"points": "-1"}, "points"),
        ({"points": "100.5"}, "points"),
        ({"points": "0.00001"}, "points"),
        ({"kind": "gift"}, "kind"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_a_row_that_cannot_be_is_refused_at_its_field(office, row, wrong):
    with pytest.raises(Faults) as refused:
        bonus(office, **row)
    assert set(refused.value.faults) == {wrong}
    assert not Adjustment.objects.exists()


def test_changing_and_removing_takes_the_approval_with_it(office):
    bonus(office)
    office.approve()
    row = Adjustment.objects.get()
    change = {
        "scorecard": office.fresh,
        "adjustment": row,
        "kind": "bonus",
        "reason": row.reason,
        "by": office.office,
    }
    assert not entries.change_adjustment(points=Decimal("1.50"), **change).changed
    assert office.fresh.state == "approved"
    version = version_of(row)
    assert entries.change_adjustment(points=Decimal(1), version=version, **change).unapproved
    assert office.fresh.events.last().changes == {
        "adjustment": [
            "Điểm thưởng 1,5: Sáng kiến được công nhận",
            "Điểm thưởng 1: Sáng kiến được công nhận",
        ]
    }
    with pytest.raises(Overtaken, match="Hiện đang ghi: Điểm thưởng 1: Sáng kiến"):
        entries.remove_adjustment(
            scorecard=office.fresh, adjustment=row, by=office.office, version=version
        )
    entries.remove_adjustment(scorecard=office.fresh, adjustment=row, by=office.office)
    assert not Adjustment.objects.exists()


# -- On the pages -------------------------------------------------------------------------------


@pytest.fixture
def go(client, office):
    def went(name, *args, role="coordinator", **data):
        client.force_login(office.people[role], backend=BACKEND)
        url = reverse(name, args=args)
        return client.post(url, data) if data else client.get(url)

    return went


def words(answer):
    return " ".join(answer.content.decode().split())


def test_the_office_begins_the_card_on_the_page(office, go):
    answer = go("scorecard_begin", ky=office.period.pk, bo="NHO")
    assert answer.status_code == 302
    assert Scorecard.objects.count() == 1
    assert go("scorecard_begin", ky=office.period.pk, bo="KHONG").status_code == 404
    assert go("scorecard_begin", ky="x", bo="NHO").status_code == 404
    assert go("scorecard_begin", role="leader", ky=office.period.pk, bo="NHO").status_code == 403
    assert go("scorecard_begin").status_code == 405


def leaf_post(office, go, code="A.2", **data):
    return go("leaf_detail", office.scorecard.pk, code, **data)


def test_points_typed_as_people_do(office, go, client):
    answer = leaf_post(
        office,
        go,
        do="override",
        version="0",
        **{"override-points": "1,25", "override-explanation": "Hai sáng kiến"},
    )
    assert answer.status_code == 302
    page = words(client.get(answer.url))
    assert "Văn phòng Sở chấm 1,25 điểm: Hai sáng kiến" in page
    assert 'value="1,25"' in page
    assert "Văn phòng chấm điểm</strong> – Họ coordinator" in page


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("ba", "«ba» không phải là số"),
        ("", "Hãy ghi số điểm."),
        ("2,5", "2,5 lớn hơn điểm tối đa 2."),
        ("-2", "-2 nhỏ hơn điểm tối thiểu -1."),
        ("1,23456", "Điểm có nhiều nhất 4 chữ số sau dấu phẩy."),
        ("9" * 41, "không phải là số"),
    ],
)
def test_bad_points_come_back_as_typed_with_their_fault(office, go, typed, fault):
    answer = leaf_post(
        office,
        go,
        do="override",
        version="0",
        **{"override-points": typed, "override-explanation": "Giữ lại lời này"},
    )
    page = words(answer)
    assert answer.status_code == 422
    assert fault in page
    assert "Giữ lại lời này" in page
    assert not typed or f'value="{typed}"' in page
    assert not LeafScore.objects.exists()


def test_of_two_forms_the_second_comes_back_with_what_stands_there(office, go):
    first = {"override-points": "1", "override-explanation": "Một"}
    assert leaf_post(office, go, do="override", version="0", **first).status_code == 302
    second = {"override-points": "2", "override-explanation": "Hai"}
    answer = leaf_post(office, go, do="override", version="0", **second)
    page = words(answer)
    assert answer.status_code == 409
    assert "Hiện đang ghi: Văn phòng chấm 1 điểm; giải trình: Một" in page
    assert 'value="2"' in page
    version = version_of(LeafScore.objects.get())
    assert f'name="version" value="{version}"' in page
    assert leaf_post(office, go, do="override", version=version, **second).status_code == 302
    assert LeafScore.objects.get().override == 2


def test_the_other_forms_of_a_leaf(office, go):
    pk = office.scorecard.pk
    assert (
        leaf_post(office, go, do="explain", **{"explain-explanation": "Đã nộp"}).status_code == 302
    )
    answer = leaf_post(office, go, do="not_applicable", **{"not_applicable-reason": ""})
    assert answer.status_code == 422
    assert "Hãy nêu lý do không áp dụng." in words(answer)
    done = leaf_post(office, go, do="not_applicable", **{"not_applicable-reason": "Không có"})
    assert done.status_code == 302
    page = words(go("leaf_detail", pk, "A.2"))
    assert "Đang ghi không áp dụng" in page
    assert "bớt khỏi cả điểm đạt và điểm tối đa" in page
    assert leaf_post(office, go, do="applicable").status_code == 302
    assert leaf_post(office, go, do="gift").status_code == 404


def test_a_change_of_what_was_approved_says_that_the_approval_fell(office, go, client):
    office.approve()
    page = words(go("leaf_detail", office.scorecard.pk, "A.2"))
    assert "lưu thay đổi sẽ hủy việc duyệt" in page
    answer = leaf_post(office, go, do="remove_override")
    assert "Phiếu điểm đã duyệt trở về bước lập" in words(client.get(answer.url))
    assert office.fresh.state == "draft"


def test_only_the_office_enters_and_only_before_the_sending(office, go):
    pk = office.scorecard.pk
    assert go("leaf_detail", pk, "A.2", role="leader", do="applicable").status_code == 403
    assert go("leaf_detail", pk, "A.2", role="head").status_code == 403
    assert "Lưu điểm" not in words(go("leaf_detail", pk, "A.2", role="leader"))
    assert go("adjustment_add", pk, role="leader", kind="bonus").status_code == 403
    office.send()
    assert "Lưu điểm" not in words(go("leaf_detail", pk, "A.2"))
    answer = leaf_post(
        office, go, do="override", **{"override-points": "1", "override-explanation": "x"}
    )
    assert answer.status_code == 422
    assert "đang ở bước «Đã gửi»" in words(answer)


def test_rows_of_bonus_and_penalty_on_the_page(office, go, client):
    pk = office.scorecard.pk
    bad = go("adjustment_add", pk, kind="bonus", points="hai", reason="Thưởng")
    assert bad.status_code == 422
    assert "«hai» không phải là số" in words(bad)
    assert 'value="hai"' in words(bad)
    for reason in ("Sáng kiến một", "Sáng kiến hai"):
        answer = go("adjustment_add", pk, kind="bonus", points="1,5", reason=reason)
        assert answer.status_code == 302
    page = words(client.get(answer.url))
    assert "đã tính 2,00 <strong>(mức trần)</strong>" in page
    row = Adjustment.objects.first()
    assert 'value="1,5"' in words(go("adjustment_change", pk, row.pk))
    stale = version_of(row)
    fields = {"kind": "bonus", "points": "1", "reason": "Sáng kiến một", "version": stale}
    assert go("adjustment_change", pk, row.pk, **fields).status_code == 302
    answer = go("adjustment_change", pk, row.pk, **(fields | {"points": "2"}))
    assert answer.status_code == 409
    assert "Hiện đang ghi: Điểm thưởng 1: Sáng kiến một" in words(answer)
    assert go("adjustment_change", pk, row.pk, do="remove").status_code == 302
    assert go("adjustment_change", pk, row.pk, do="remove").status_code == 404
    assert Adjustment.objects.count() == 1


def test_what_belongs_to_another_agency_does_not_exist(office, go):
    other = Agency.objects.create(code="KHAC", name="Sở khác", province="Tỉnh thử")
    unit = Unit.objects.create(agency=other, code="VP", name="Văn phòng", order=1)
    office.people["stranger"] = User.objects.create_user(
        "stranger@example.vn", name="Người lạ", unit=unit, roles=["coordinator"]
    )
    bonus(office)
    pk, row = office.scorecard.pk, Adjustment.objects.get().pk
    for name, *args in (
        ("leaf_detail", pk, "A.2"),
        ("scorecard_move", pk, "duyet"),
        ("scorecard_history", pk),
        ("adjustment_add", pk),
        ("adjustment_change", pk, row),
    ):
        assert go(name, *args, role="stranger").status_code == 404, name


def test_what_lacks_proof_is_explained_beside_it_all_or_none(office, go, client):
    pk, leaf = office.scorecard.pk, office.leaf("A.1.2")
    other = office.leaf("A.1.1")
    page = words(go("scorecard_move", pk, "duyet"))
    assert f'name="explain-{leaf.pk}"' in page
    assert f'name="explain-{other.pk}"' not in page  # it is proved
    assert f'name="explain-{leaf.pk}"' not in words(
        go("scorecard_move", pk, "duyet", role="leader")
    )
    first = {f"explain-{leaf.pk}": "Lưu tại phòng", f"version-{leaf.pk}": "0"}
    assert go("leaves_explain", pk, role="leader", **first).status_code == 403
    answer = go("leaves_explain", pk, **first)
    assert answer.status_code == 302
    page = words(client.get(answer.url))
    assert "Đã ghi giải trình của 1 tiêu chí." in page
    assert f'name="explain-{leaf.pk}"' not in page
    # A colleague's words stand: nothing of the second form is written, all of it comes back.
    LeafScore.objects.update(explanation="")
    entries.set_override(
        scorecard=office.fresh,
        criterion=leaf,
        points=Decimal(1),
        explanation="Của người khác",
        by=office.office,
    )
    second = {f"explain-{other.pk}": "Một", f"version-{other.pk}": "0"}
    answer = go("leaves_explain", pk, **second, **first)
    assert answer.status_code == 422
    assert "A.1.2: Bạn vừa sửa tiêu chí này ở cửa sổ khác" in words(answer)
    assert not LeafScore.objects.filter(criterion=other).exclude(explanation="").exists()


def test_a_long_explanation_comes_back(office, go):
    leaf = office.leaf("A.1.2")
    long = "dài " * 1001
    answer = go("leaves_explain", office.scorecard.pk, **{f"explain-{leaf.pk}": long})
    assert answer.status_code == 422
    assert "A.1.2: Giải trình dài quá 4000 ký tự" in words(answer)
    assert long.strip() in answer.content.decode()
    assert not LeafScore.objects.exists()
