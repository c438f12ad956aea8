"""The office writes a criteria set in the browser: its lines, their order, into use and back (R25)."""

from decimal import Decimal

import pytest
from criteria_office import RATIO, CriteriaOffice, fresh, was, words
from django.urls import reverse

from accounts.models import AuditEntry
from scoring.models import CriteriaSet, Criterion


@pytest.fixture
def office(db, client):
    return CriteriaOffice(client)


# -- A line is added and changed ---------------------------------------------------------------------


def test_a_field_a_group_and_a_leaf_are_added_in_their_places(office):
    page = office.client.post(office.address("criterion_add"), {"code": "B", "name": "Lĩnh vực B"})
    assert page.status_code == 302
    typed = {"code": "A.2", "name": "Nhóm A.2", "kind": "group", "maximum": ""}
    page = office.client.post(
        office.address("criterion_add", under=office.field),
        typed | {"parent": str(office.field.pk)},
    )
    assert page.status_code == 302
    page = office.client.post(
        office.address("criterion_add", under=office.group), office.typed(code="A.1.2")
    )
    made = Criterion.objects.get(code="A.1.2")
    assert page.url == reverse("criteria_detail", args=[office.set.pk]) + f"#tieu-chi-{made.pk}"
    assert office.codes() == ["A", ".A.1", "..A.1.1", "..A.1.2", ".A.2", "B"]
    assert (made.kind, made.maximum, made.minimum) == ("self", Decimal("1.5"), 0)
    assert made.rule == RATIO
    assert (made.scale, made.evidence) == ("Tính theo tỷ lệ", ["Báo cáo năm"])
    entry = AuditEntry.objects.latest("pk")
    assert entry.action == "Thêm tiêu chí A.1.2"
    assert entry.changes["điểm tối đa"] == [None, "1,5"]
    assert entry.changes["loại"] == [None, "Tự chấm, thẩm định"]
    assert entry.changes["quy tắc"][1].startswith("1.1-a: Từ 80%")


RULES = [
    (
        {"type": "boolean", "all_of": ["1.2-b", "1.1-b"]},
        {"all_of__0__code": "1.2-b", "all_of__1__code": "1.1-b – Chỉ tiêu 1.1-b (nhiệm vụ 1.1)"},
    ),
    (
        {
            "type": "date",
            "indicator": "1.2-a",
            "on_time": "1.5",
            "late": "0.5",
            "missing": "0",
            "due": {"quarter": 1, "year_offset": -1},
        },
        {
            "indicator": "1.2-a",
            "on_time": "1,5",
            "late": "0,5",
            "missing": "0",
            "due_quarter": "1",
            "due_year": "-1",
        },
    ),
    (
        {"type": "date", "indicator": "1.2-a", "on_time": "1.5", "late": "0", "missing": "0"},
        {
            "indicator": "1.2-a",
            "on_time": "1,5",
            "late": "0",
            "missing": "0",
            "due_quarter": "",
            "due_year": "0",
        },
    ),
    (
        {"type": "ratio", "indicator": "1.1-a", "full": "95.5"},
        {"indicator": "1.1-a", "full": "95,5", "floor": ""},
    ),
    (
        {
            "type": "tiers",
            "indicator": "1.1-a",
            "tiers": [
                {"op": ">=", "at": "90", "points": "1.5"},
                {"op": ">=", "at": "80", "points": "0.75"},
            ],
            "otherwise": "0",
        },
        {
            "tiers__0__op": ">=",
            "tiers__0__at": "90",
            "tiers__0__points": "1,5",
            "tiers__1__op": "=",  # a row left empty is none
            "tiers__1__at": "",
            "tiers__1__points": " ",
            "tiers__2__op": ">=",
            "tiers__2__at": "80",
            "tiers__2__points": "0,75",
            "otherwise": "0",
            "indicator": "1.1-a",
        },
    ),
    (
        {"type": "count", "indicators": ["1.1-b"], "each": "0.25"},
        {"indicators__0__code": "1.1-b", "each": "0,25"},
    ),
    (
        {
            "type": "deduction",
            "start": "1.5",
            "events": [
                {"indicator": "1.1-a", "count": "shortfall", "points": "0.1"},
                {"indicator": "1.1-b", "count": "value", "points": "0.5"},
            ],
        },
        {
            "start": "1,5",
            "events__0__indicator": "1.1-a",
            "events__0__count": "shortfall",
            "events__0__points": "0,1",
            "events__1__indicator": "1.1-b",
            "events__1__count": "value",
            "events__1__points": "0,5",
        },
    ),
    ({"type": "target", "indicator": "1.1-a"}, {"indicator": "1.1-a"}),
    ({"type": "manual"}, {}),
]


@pytest.mark.parametrize(("rule", "typed"), RULES, ids=lambda part: part.get("type", ""))
def test_each_kind_of_rule_is_typed_and_stands_in_its_form_again(office, rule, typed):
    sent = office.rule(rule["type"], **typed) | {"was": was(office.leaf)}
    page = office.client.post(office.address(), sent)
    assert page.status_code == 302, words(page)
    assert fresh(office.leaf).rule == rule
    # Saved again as the page shows it, nothing changes: every value is in its field.
    shown = office.client.get(office.address()).content.decode()
    again = fields_of(shown)
    assert office.client.post(office.address(), again | {"do": "save"}).status_code == 302
    assert fresh(office.leaf).rule == rule
    assert AuditEntry.objects.count() == 1


def fields_of(html):
    """What a browser would send of the page's form."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.inside, self.select, self.area = {}, False, None, None

        def handle_starttag(self, tag, attrs):
            attrs = dict(attrs)
            if tag == "form":
                self.inside = attrs.get("id") == "line-form"
            if not self.inside:
                return
            name = attrs.get("name")
            if tag == "input" and name and attrs.get("type") not in {"radio", "checkbox"}:
                self.found[name] = attrs.get("value", "")
            elif tag == "input" and name and "checked" in attrs:
                self.found[name] = attrs["value"]
            elif tag == "select":
                self.select = name
            elif tag == "option" and self.select:
                if "selected" in attrs or self.select not in self.found:
                    self.found[self.select] = attrs.get("value", "")
            elif tag == "textarea":
                self.area, self.found[name] = name, ""

        def handle_data(self, data):
            if self.area:
                self.found[self.area] += data

        def handle_endtag(self, tag):
            if tag == "select":
                self.select = None
            elif tag == "textarea":
                self.found[self.area] = self.found[self.area].removeprefix("\n")
                self.area = None

    reader = Reader()
    reader.feed(html)
    return reader.found


LONG = "x" * 501
WRONG = [
    ({"code": ""}, "id_code", "Chưa ghi mã tiêu chí."),
    ({"code": "A"}, "id_code", "Mã «A» đã có trong bộ tiêu chí này."),
    ({"code": "A 1"}, "id_code", "có dấu cách"),
    ({"name": "  "}, "id_name", "Chưa ghi tên tiêu chí."),
    ({"name": LONG}, "id_name", "Tên dài quá 500 ký tự"),
    ({"maximum": ""}, "id_maximum", "Chưa ghi điểm tối đa."),
    ({"maximum": "một"}, "id_maximum", "«một» không phải là số. Viết như 12 hoặc 1,5."),
    ({"maximum": "0"}, "id_maximum", "phải lớn hơn 0"),
    ({"maximum": "-1"}, "id_maximum", "phải lớn hơn 0"),
    ({"maximum": "1001"}, "id_maximum", "lớn hơn 1000"),
    ({"maximum": "1,23456"}, "id_maximum", "quá 4 chữ số sau dấu phẩy"),
    ({"minimum": "2"}, "id_minimum", "Điểm tối thiểu 2 lớn hơn điểm tối đa 1,5."),
    ({"minimum": "chữ"}, "id_minimum", "không phải là số"),
    ({"evidence": "x" * 301}, "id_evidence", "Dài quá 300 ký tự."),
    ({"parent": "0"}, "id_parent", "Không có nhóm này"),
    ({"rule__type": "khác"}, "rule-type", "Chưa chọn cách tính điểm."),
    ({"rule__indicator": ""}, "id_rule-indicator", "Chưa chọn chỉ tiêu."),
    ({"rule__indicator": "7.7-x"}, "id_rule-indicator", "không có chỉ tiêu «7.7-x»"),
    ({"rule__indicator": "1.1-b"}, "id_rule-indicator", "quy tắc này cần một tỷ lệ"),
    ({"rule__full": ""}, "id_rule-full", "Chưa ghi."),
    ({"rule__full": "0"}, "id_rule-full", "phải lớn hơn 0"),
    ({"rule__full": "trăm"}, "id_rule-full", "«trăm» không phải là số"),
    ({"rule__floor": "-1"}, "id_rule-floor", "nhỏ hơn 0"),
    ({"rule__floor": "101"}, "id_rule-floor", "lớn hơn mức đủ điểm 100%"),
]


@pytest.mark.parametrize(("changes", "field", "fault"), WRONG, ids=lambda part: str(part)[:40])
def test_what_is_wrong_is_said_at_its_field_and_kept_as_typed(office, changes, field, fault):
    before = fresh(office.leaf).__dict__ | {"_state": None}
    page = office.client.post(office.address(), office.typed(**changes) | {"was": was(office.leaf)})
    assert page.status_code == 422
    text = words(page)
    assert fault in text
    assert f'href="#{field}"' in text
    assert f'id="{field}"' in text
    (typed,) = changes.values()
    assert typed.strip() in text
    assert "Tính theo tỷ lệ" in text  # the rest is kept too
    assert fresh(office.leaf).__dict__ | {"_state": None} == before
    assert not AuditEntry.objects.exists()


def test_all_that_is_wrong_is_said_at_once(office):
    typed = TIERS | {"otherwise": ""}
    sent = office.rule("tiers", **typed) | {"maximum": "1", "minimum": "2", "code": "A"}
    page = words(office.client.post(office.address(), sent | {"was": was(office.leaf)}))
    assert "Điểm tối thiểu 2 lớn hơn điểm tối đa 1." in page
    assert 'href="#id_rule-otherwise"' in page
    assert "Mã «A» đã có trong bộ tiêu chí này." in page
    assert "thiếu «" not in page.lower()  # what could not be read is said once
    sent = office.typed(maximum="", minimum="2", name="") | {"was": was(office.leaf)}
    page = words(office.client.post(office.address(), sent))
    assert page.split("data-focus-links")[1].split("</ul>")[0].count("<li>") == 2


def test_points_above_the_maximum_are_pointed_out_and_not_refused(office):
    typed = office.rule("tiers", **TIERS | {"tiers__0__points": "5"})
    page = words(office.client.post(office.address(), typed | {"do": "try"}))
    assert "Quy tắc ghi 5 điểm, hơn điểm tối đa 1,5 điểm; phần hơn không được tính." in page
    assert (
        office.client.post(office.address(), typed | {"was": was(office.leaf)}).status_code == 302
    )
    page = words(office.client.get(office.address("criteria_detail")))
    assert "Tổng điểm của bộ là 1,5, không phải 100." in page
    assert f'<a href="{office.address()}">A.1.1</a>: Quy tắc ghi 5 điểm' in page


TIERS = {
    "tiers__0__op": ">=",
    "tiers__0__at": "80",
    "tiers__0__points": "1",
    "otherwise": "0",
    "indicator": "1.1-a",
}
WRONG_RULES = [
    (
        "tiers",
        TIERS | {"tiers__0__at": "", "tiers__0__points": ""},
        "rule-tiers",
        "Cần ít nhất một mức.",
    ),
    ("tiers", TIERS | {"tiers__0__at": "tám mươi"}, "id_rule-tiers-0-at", "không phải là số"),
    ("tiers", TIERS | {"tiers__0__points": ""}, "id_rule-tiers-0-points", "Chưa ghi."),
    (
        "tiers",
        TIERS | {"tiers__1__op": ">=", "tiers__1__at": "90", "tiers__1__points": "1,5"},
        "rule-tiers",
        "không bao giờ được dùng",
    ),
    ("boolean", {"all_of__0__code": ""}, "rule-all_of", "Cần ít nhất một chỉ tiêu."),
    (
        "boolean",
        {"all_of__0__code": "1.2-b", "all_of__1__code": "1.2-b"},
        "rule-all_of",
        "được nêu hai lần",
    ),
    ("count", {"indicators__0__code": "1.1-a", "each": "1"}, "rule-indicators", "không đếm tỷ lệ"),
    (
        "deduction",
        {
            "start": "1",
            "events__0__indicator": "1.1-b",
            "events__0__count": "value",
            "events__0__points": "-1",
        },
        "id_rule-events-0-points",
        "nhỏ hơn 0",
    ),
    (
        "date",
        {"indicator": "1.2-c", "on_time": "1", "late": "0,5", "missing": "0", "due_quarter": ""},
        "id_rule-due_quarter",
        "không có hạn",
    ),
    (
        "date",
        {"indicator": "1.2-a", "on_time": "0", "late": "1", "missing": "0"},
        "id_rule-late",
        "Điểm phải giảm dần: đúng hạn, muộn, không có.",
    ),
    ("target", {"indicator": "1.1-b", "nothing": ""}, None, None),  # fine: it has a target
]


@pytest.mark.parametrize(("kind", "typed", "field", "fault"), WRONG_RULES)
def test_a_rule_that_cannot_be_is_refused_at_its_field(office, kind, typed, field, fault):
    sent = office.rule(kind, **typed) | {"was": was(office.leaf)}
    page = office.client.post(office.address(), sent)
    if fault is None:
        assert page.status_code == 302
        return
    assert page.status_code == 422
    assert fault in words(page)
    assert f'href="#{field}"' in words(page)
    assert fresh(office.leaf).rule == RATIO


def test_a_survey_has_points_and_no_rule(office):
    sent = office.typed(kind="survey", rule__type=None) | {"was": was(office.leaf)}
    assert office.client.post(office.address(), sent).status_code == 302
    line = fresh(office.leaf)
    assert (line.kind, line.rule, line.maximum) == ("survey", None, Decimal("1.5"))
    page = words(office.client.get(office.address()))
    assert "không tính theo quy tắc" in page
    assert 'name="rule-type"' not in page


def test_a_leaf_becomes_a_group_and_history_keeps_its_rule(office):
    sent = {"code": "A.1.1", "name": "Nhóm", "parent": str(office.group.pk), "kind": "group"}
    sent |= {"maximum": "", "was": was(office.leaf)}
    assert office.client.post(office.address(), sent).status_code == 302
    line = fresh(office.leaf)
    assert (line.kind, line.rule, line.maximum, line.evidence) == ("", None, None, [])
    before, after = AuditEntry.objects.get().changes["quy tắc"]
    assert before.startswith("1.1-a: ")
    assert after is None


def test_a_group_with_lines_below_cannot_score_itself(office):
    sent = office.typed(code="A.1", parent=str(office.field.pk)) | {"was": was(office.group)}
    page = office.client.post(office.address(line=office.group), sent)
    assert page.status_code == 422
    assert "Tiêu chí còn tiêu chí con nên phải là nhóm" in words(page)


def test_nothing_changed_writes_nothing(office):
    sent = office.typed() | {"was": was(office.leaf)}
    assert office.client.post(office.address(), sent).status_code == 302
    assert not AuditEntry.objects.exists()
    assert CriteriaSet.objects.get().revision == 1


# -- The form without scripts: choices and rows without saving ----------------------------------------


def test_a_choice_shows_its_fields_and_keeps_what_is_typed(office):
    address = office.address("criterion_add", under=office.group)
    page = office.client.post(address, {"do": "refresh", "code": "A.1.9", "kind": "self"})
    assert page.status_code == 200
    assert 'value="A.1.9"' in words(page)
    assert 'name="rule-type"' in words(page)
    typed = office.typed(code="A.1.9", rule__type="tiers", do="refresh")
    page = words(office.client.post(address, typed))
    assert 'name="rule-tiers-0-at"' in page
    assert 'value="1.1-a"' in page  # what both kinds ask for stays
    assert "Chưa ghi" not in page.split('id="trial"')[0]  # no fault before one saves
    assert not Criterion.objects.filter(code="A.1.9").exists()


def test_rows_are_added_taken_away_and_moved_without_saving(office):
    typed = office.rule("tiers", **TIERS, tiers__1__op=">", tiers__1__at="70", tiers__1__points="")
    page = words(office.client.post(office.address(), typed | {"row": "add-tiers"}))
    assert 'name="rule-tiers-2-at"' in page
    page = words(office.client.post(office.address(), typed | {"row": "drop-tiers-0"}))
    assert 'name="rule-tiers-0-at" value="70"' in page
    assert 'name="rule-tiers-1-at"' not in page
    page = words(office.client.post(office.address(), typed | {"row": "up-tiers-1"}))
    assert 'name="rule-tiers-0-at" value="70"' in page
    assert 'name="rule-tiers-1-at" value="80"' in page
    for odd in ("drop-tiers-99", "up-tiers-99", "add-nothing", "drop-tiers-x"):
        assert office.client.post(office.address(), typed | {"row": odd}).status_code == 200
    assert fresh(office.leaf).rule == RATIO


# -- Two people --------------------------------------------------------------------------------------


def test_the_later_of_two_is_told_what_changed_and_may_save_over_it(office):
    before = was(office.leaf)
    office.leaf.name = "Tên người khác đặt"
    office.leaf.save()
    sent = office.typed(name="Tên của tôi") | {"was": before}
    page = office.client.post(office.address(), sent)
    assert page.status_code == 422
    assert "Đang lưu: «Tên người khác đặt»." in words(page)
    assert "Tên của tôi" in words(page)
    assert fresh(office.leaf).name == "Tên người khác đặt"
    sent["was"] = fields_of(page.content.decode())["was"]
    assert office.client.post(office.address(), sent).status_code == 302
    assert fresh(office.leaf).name == "Tên của tôi"


def test_a_rule_changed_by_another_is_said_in_words(office):
    before = was(office.leaf)
    office.leaf.rule = RATIO | {"floor": "70"}
    office.leaf.save()
    page = office.client.post(office.address(), office.typed() | {"was": before})
    assert page.status_code == 422
    assert "Đang lưu: «1.1-a: Từ 70%" in words(page)


def test_two_in_different_lines_are_no_fault(office):
    before = was(office.leaf)
    office.line("A.1.2", office.group, order=3)
    CriteriaSet.objects.update(revision=7)
    sent = office.typed(name="Tên mới") | {"was": before}
    assert office.client.post(office.address(), sent).status_code == 302
    assert CriteriaSet.objects.get().revision == 8


def test_a_line_posted_twice_is_there_once(office):
    address = office.address("criterion_add", under=office.group)
    assert office.client.post(address, office.typed(code="A.1.2")).status_code == 302
    page = office.client.post(address, office.typed(code="A.1.2"))
    assert page.status_code == 422
    assert Criterion.objects.filter(code="A.1.2").count() == 1
