"""A set's head is written in the browser; the set goes into use when it is whole, and back (R25)."""

import datetime as dt
from decimal import Decimal

import pytest
from criteria_office import CriteriaOffice, words
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from scoring.criteria_editing import seen
from scoring.models import CriteriaSet, Criterion, Scorecard


@pytest.fixture
def office(db, client):
    return CriteriaOffice(client)


def typed(**changes):
    fields = {
        "name": "Bộ tiêu chí 2020",
        "valid_from": "2020",
        "decision_number": "12/QĐ-UBND",
        "decision_issued_on": "05/01/2020",
        "decision_issuer": "UBND tỉnh",
        "not_applicable": "zero",
        "bonus_cap": "2,5",
        "penalty_cap": "",
        "bands-0-name": "Tốt",
        "bands-0-op": ">=",
        "bands-0-at": "80",
        "bands-1-name": "",
        "bands-1-op": ">=",
        "bands-1-at": "",
        "bands-2-name": "Còn lại",
        "bands-2-op": "<",
        "bands-2-at": "80",
    }
    return fields | {name.replace("__", "-"): text for name, text in changes.items()}


def new(office, **changes):
    return office.client.post(reverse("criteria_new"), typed(**{"code": "BO-2020"} | changes))


def test_a_new_set_is_a_draft_with_everything_typed(office):
    page = new(office)
    made = CriteriaSet.objects.get(code="BO-2020")
    assert page.url == reverse("criteria_detail", args=[made.pk])
    assert made.is_draft
    assert made.agency == office.agency
    assert (made.name, made.valid_from) == ("Bộ tiêu chí 2020", 2020)
    assert (made.decision_number, made.decision_issued_on) == ("12/QĐ-UBND", dt.date(2020, 1, 5))
    assert (made.not_applicable, made.bonus_cap, made.penalty_cap) == ("zero", Decimal("2.5"), None)
    assert made.bands == [
        {"op": ">=", "at": "80", "name": "Tốt"},
        {"op": "<", "at": "80", "name": "Còn lại"},
    ]
    assert AuditEntry.objects.get().action == "Tạo bộ tiêu chí"
    assert not CriteriaSet.objects.usable().exists()


@pytest.mark.parametrize(
    ("changes", "field", "fault"),
    [
        ({"code": ""}, "id_code", "Chưa ghi mã."),
        ({"code": "BO 1"}, "id_code", "có dấu cách"),
        ({"code": "BO-1"}, "id_code", "Đã có bộ tiêu chí mã «BO-1»"),
        ({"name": " "}, "id_name", "Chưa ghi tên."),
        ({"valid_from": "hai nghìn"}, "id_valid_from", "Năm phải là số từ 2000 đến 2100."),
        ({"valid_from": "1999"}, "id_valid_from", "Năm phải là số từ 2000 đến 2100."),
        ({"decision_issued_on": "31/02/2020"}, "id_decision_issued_on", "Không đọc được ngày"),
        ({"not_applicable": "khác"}, "id_not_applicable_0", "khác"),
        ({"bonus_cap": "-1"}, "id_bonus_cap", "phải từ 0 đến 1.000"),
        ({"bonus_cap": "hai"}, "id_bonus_cap", "«hai» không phải là số"),
        ({"bands__0__at": ""}, "id_bands-0-at", "Chưa ghi ngưỡng."),
        ({"bands__0__at": "cao"}, "id_bands-0-at", "«cao» không phải là số"),
        ({"bands__2__name": ""}, "id_bands-1-name", "Chưa ghi tên loại."),
        ({"bands__2__at": "70"}, "bands-table", "có khoảng trống"),
        ({"bands__2__op": "<=", "bands__2__at": "90"}, "bands-table", "chồng lên nhau"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_is_wrong_is_said_at_its_field_and_kept_as_typed(office, changes, field, fault):
    page = new(office, **changes)
    assert page.status_code == 422
    text = words(page)
    assert fault in text
    assert f'href="#{field}"' in text
    assert f'id="{field}"' in text
    assert "12/QĐ-UBND" in text
    assert CriteriaSet.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_rows_of_bands_are_added_and_taken_away_without_saving(office):
    page = words(new(office, row="add-bands"))
    assert 'name="bands-3-name"' in page
    page = words(new(office, row="drop-bands-0"))
    assert "Tốt" not in page.split('id="bands"')[1]
    assert "Chưa ghi" not in page
    edit = office.address("criteria_edit")
    page = office.client.post(edit, typed(row="up-bands-2", was="x"))
    assert page.status_code == 200
    assert CriteriaSet.objects.count() == 1


def test_the_head_is_changed_with_history_in_words(office):
    edit = office.address("criteria_edit")
    page = office.client.post(edit, typed(was=seen(office.set), valid_from="2019"))
    assert page.status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.action == "Sửa bộ tiêu chí"
    assert entry.changes["tên bộ tiêu chí"] == ["Bộ tiêu chí thử", "Bộ tiêu chí 2020"]
    assert entry.changes["điểm thưởng tối đa"] == [None, "2,5"]
    assert entry.changes["xếp loại"] == [None, "Tốt ≥ 80; Còn lại < 80"]
    assert entry.changes["tiêu chí không áp dụng"] == ["Không tính vào tổng điểm", "Cho 0 điểm"]
    now = CriteriaSet.objects.get()
    assert (now.code, now.revision) == ("BO-1", 2)
    # Nothing changed: nothing written.
    page = office.client.post(edit, typed(was=seen(now), valid_from="2019"))
    assert page.status_code == 302
    assert AuditEntry.objects.count() == 1


def test_a_sample_may_become_the_provinces_and_not_the_other_way(office):
    CriteriaSet.objects.update(is_sample=True)
    edit = office.address("criteria_edit")
    assert 'id="id_is_sample" checked' in words(office.client.get(edit))
    office.client.post(edit, typed(was=seen(CriteriaSet.objects.get()), is_sample="on"))
    assert CriteriaSet.objects.get().is_sample
    office.client.post(edit, typed(was=seen(CriteriaSet.objects.get())))
    assert not CriteriaSet.objects.get().is_sample
    assert AuditEntry.objects.latest("pk").changes == {"minh họa": ["có", "không"]}
    assert "is_sample" not in words(office.client.get(edit))
    office.client.post(edit, typed(was=seen(CriteriaSet.objects.get()), is_sample="on"))
    assert not CriteriaSet.objects.get().is_sample


def test_the_later_of_two_is_told_what_changed(office):
    before = seen(office.set)
    CriteriaSet.objects.update(
        name="Tên người khác đặt", bands=[{"op": ">=", "at": "0", "name": "Đủ"}]
    )
    edit = office.address("criteria_edit")
    page = office.client.post(edit, typed(was=before))
    assert page.status_code == 422
    text = words(page)
    assert "Đang lưu: «Tên người khác đặt»." in text
    assert "Đang lưu: «Đủ ≥ 0»." in text
    assert "Bộ tiêu chí 2020" in text
    assert CriteriaSet.objects.get().name == "Tên người khác đặt"
    again = seen(CriteriaSet.objects.get())
    assert again in text
    assert office.client.post(edit, typed(was=again)).status_code == 302
    assert CriteriaSet.objects.get().name == "Bộ tiêu chí 2020"


# -- Into use and back --------------------------------------------------------------------------------


def test_a_set_with_faults_stays_a_draft_and_each_fault_leads_to_its_line(office):
    empty = office.line("B", None, order=3)
    Criterion.objects.filter(pk=office.group.pk).update(maximum=Decimal(9))
    page = office.client.post(office.address("criteria_take_into_use"))
    assert page.status_code == 422
    text = words(page)
    assert "Còn 2 chỗ phải sửa" in text
    for line in (empty, office.group):
        assert f'href="{office.address(line=line)}"' in text
    assert CriteriaSet.objects.get().is_draft
    assert not AuditEntry.objects.exists()


def test_a_whole_set_goes_into_use_once_and_back_while_nothing_uses_it(office):
    for _ in range(2):  # a second click
        assert office.client.post(office.address("criteria_take_into_use")).status_code == 302
    assert not CriteriaSet.objects.get().is_draft
    for _ in range(2):
        assert office.client.post(office.address("criteria_reopen")).status_code == 302
    assert CriteriaSet.objects.get().is_draft
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "Đưa bộ tiêu chí vào sử dụng",
        "Mở lại bộ tiêu chí để soạn",
    ]


def test_a_used_set_is_not_opened_again(office):
    CriteriaSet.objects.update(is_draft=False)
    Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.set)
    page = office.client.post(office.address("criteria_reopen"), follow=True)
    assert "sao chép thành bộ mới" in words(page)
    assert not CriteriaSet.objects.get().is_draft


def test_changes_that_meet_taking_into_use_are_refused(office):
    """Between opening the form and saving it somebody took the set into use."""
    from accounts.history import Actor
    from scoring import criteria_editing
    from tasks.services import Refused

    opened = CriteriaSet.objects.get()
    CriteriaSet.objects.update(is_draft=False)
    for change in (
        lambda by: criteria_editing.remove_criterion(criterion=office.leaf, by=by),
        lambda by: criteria_editing.move_criterion(criterion=office.leaf, up=True, place=2, by=by),
        lambda by: criteria_editing.change_set(
            criteria_set=opened, values={"name": "Khác"}, was=seen(opened), by=by
        ),
    ):
        with pytest.raises(Refused, match="không còn ở trạng thái đang soạn"):
            change(Actor.system())
    assert Criterion.objects.count() == 3
    assert CriteriaSet.objects.get().name == "Bộ tiêu chí thử"


def test_the_pages_ask_no_more_of_a_large_set(office):
    def queries(address):
        with CaptureQueriesContext(connection) as caught:
            assert office.client.get(address).status_code == 200
        return len(caught)

    pages = [office.address("criteria_edit"), office.address("criterion_remove", office.field)]
    few = [queries(page) for page in pages]
    for n in range(20):
        office.line(f"A.1.x{n}", office.group, order=10 + n)
    assert [queries(page) for page in pages] == few
