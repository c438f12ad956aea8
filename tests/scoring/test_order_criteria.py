"""Lines of a criteria set move, hang elsewhere and go; who may change a set, and when (R25)."""

import random

import pytest
from criteria_office import CriteriaOffice, fresh, was, words
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from scoring.criteria_editing import seen
from scoring.models import CriteriaSet, Criterion, Scorecard


@pytest.fixture
def office(db, client):
    return CriteriaOffice(client)


# -- Order and place ---------------------------------------------------------------------------------


def move(office, line, to, place=None):
    sent = {"to": to, "place": str(fresh(line).order if place is None else place)}
    page = office.client.post(office.address("criterion_move", line), sent)
    assert page.status_code == 302


def test_a_line_moves_among_its_siblings_with_all_below_it(office):
    other = office.line("A.2", office.field, order=3)
    office.line("A.2.1", other, order=4)
    move(office, other, "up")
    assert office.codes() == ["A", ".A.2", "..A.2.1", ".A.1", "..A.1.1"]
    move(office, other, "up")  # already the first
    move(office, office.group, "down")  # already the last
    assert office.codes() == ["A", ".A.2", "..A.2.1", ".A.1", "..A.1.1"]
    move(office, other, "down")
    assert office.codes() == ["A", ".A.1", "..A.1.1", ".A.2", "..A.2.1"]
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "Chuyển tiêu chí A.2 lên",
        "Chuyển tiêu chí A.2 xuống",
    ]


def test_a_move_posted_twice_moves_once(office):
    for n in range(2, 5):
        office.line(f"A.{n}", office.field, order=n + 1)
    last = Criterion.objects.get(code="A.4")
    move(office, last, "up", place=last.order)
    move(office, last, "up", place=last.order)
    move(office, last, "up", place="x")
    assert office.codes() == ["A", ".A.1", "..A.1.1", ".A.2", ".A.4", ".A.3"]


def test_a_line_goes_under_another_parent_with_all_below_it(office):
    second = office.line("B", None, order=3)
    sent = {"code": "A.1", "name": "Nhóm", "parent": str(second.pk), "kind": "group"}
    sent |= {"maximum": "", "was": was(office.group)}
    assert office.client.post(office.address(line=office.group), sent).status_code == 302
    assert office.codes() == ["A", "B", ".A.1", "..A.1.1"]
    own = {"parent": str(office.leaf.pk), "was": was(office.group)}
    page = office.client.post(office.address(line=office.group), sent | own)
    assert page.status_code == 422
    assert "Không có nhóm này" in words(page)


def test_lines_nest_six_deep_and_no_deeper(office):
    parent = office.group
    for depth in range(2, 6):
        parent = office.line(f"D{depth}", parent, order=depth + 1)
    page = office.client.post(
        office.address("criterion_add", under=parent),
        office.typed(code="X", parent=str(parent.pk)),
    )
    assert page.status_code == 422
    assert "nhiều nhất 6 cấp" in words(page)


def test_removing_asks_first_and_takes_what_is_below(office):
    address = office.address("criterion_remove", office.group)
    page = words(office.client.get(address))
    assert "Tiêu chí A.1.1" in page
    assert "Xóa 2 mục" in page
    assert Criterion.objects.count() == 3
    assert office.client.post(address).status_code == 302
    assert office.codes() == ["A"]
    page = office.client.post(address, follow=True)  # a second click
    assert "đã được xóa trước đó" in words(page)
    entry = AuditEntry.objects.get()
    assert entry.changes == {"A.1": ["Tiêu chí A.1", None], "A.1.1": ["Tiêu chí A.1.1", None]}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_the_order_is_a_walk_through_the_tree(office, seed):
    rng = random.Random(seed)
    for n in range(30):
        lines = list(office.set.criteria.order_by("order"))
        line = rng.choice(lines)
        groups = [one for one in lines if not one.is_leaf]
        if rng.random() < 0.5:
            parent = rng.choice([*groups, None])
            sent = {"code": f"N{n}", "name": "Mới", "kind": "group", "maximum": ""}
            if parent:
                sent["parent"] = str(parent.pk)
            office.client.post(office.address("criterion_add", under=parent), sent)
        elif rng.random() < 0.7:
            move(office, line, rng.choice(["up", "down"]))
        elif line.depth and not line.is_leaf:
            sent = {"code": line.code, "name": line.name, "kind": "group", "maximum": ""}
            sent |= {"parent": str(rng.choice(groups).pk), "was": seen(line)}
            office.client.post(office.address(line=line), sent)
        elif len(lines) > 4:
            office.client.post(office.address("criterion_remove", line))
    lines = list(office.set.criteria.order_by("order"))
    assert [line.order for line in lines] == list(range(len(lines)))
    path = []
    for line in lines:
        path = path[: line.depth]
        assert (path[-1] if path else None) == line.parent_id
        path.append(line.pk)


# -- Who and when ------------------------------------------------------------------------------------

LINE_PAGES = ("criterion_edit", "criterion_remove", "criterion_add", "criteria_edit")


@pytest.mark.parametrize("name", LINE_PAGES)
def test_a_set_in_use_is_frozen_and_says_what_to_do(office, name):
    CriteriaSet.objects.update(is_draft=False)
    page = office.client.get(office.address(name))
    assert page.status_code == 403
    assert "Mở lại để soạn" in words(page)
    Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.set)
    for page in (office.client.get(office.address(name)), office.client.post(office.address(name))):
        assert page.status_code == 403
        assert "sao chép thành bộ mới" in words(page)
    assert Criterion.objects.count() == 3


def test_another_agency_finds_nothing_and_a_leader_only_reads(office, client):
    office.sign_in(office.leader)
    for name in (*LINE_PAGES, "criterion_move"):
        assert client.post(office.address(name)).status_code == 403
    stranger = CriteriaOffice(client, code="SNV")
    for name in (*LINE_PAGES, "criterion_move"):
        assert client.post(office.address(name)).status_code == 404
    # A line of another set does not exist in this one.
    args = [stranger.set.pk, office.leaf.pk]
    assert client.get(reverse("criterion_edit", args=args)).status_code == 404
    assert client.post(reverse("criterion_move", args=args)).status_code == 404
    assert Criterion.objects.filter(criteria_set=office.set).count() == 3


def test_a_leaf_has_no_lines_below(office):
    page = office.client.get(office.address("criterion_add", under=office.leaf))
    assert page.status_code == 403
    address = office.address("criterion_add") + "?thuoc=999999"
    assert office.client.get(address).status_code == 404


def test_every_page_leads_back_to_the_set(office):
    back = f'href="{reverse("criteria_detail", args=[office.set.pk])}"'
    for name in LINE_PAGES:
        page = office.client.get(office.address(name)).content.decode()
        assert page.count(back) == 2, name  # above the heading, and beside the button
        assert 'href=""' not in page


def test_the_form_asks_no_more_of_a_large_set(office):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert office.client.get(office.address()).status_code == 200
        return len(caught)

    few = queries()
    for n in range(20):
        office.line(f"A.1.x{n}", office.group, order=10 + n)
    assert queries() == few
