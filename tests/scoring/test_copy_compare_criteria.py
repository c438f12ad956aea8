"""From one set to the next: into use and back, a copy to write on, two beside each other, codes mapped."""

import threading
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from made_results import ROOT, SYSTEM, load

from accounts.models import Agency, AuditEntry
from plans.importing import import_plan
from scoring.criteria_comparing import compare
from scoring.criteria_data import data_of
from scoring.criteria_importing import import_criteria
from scoring.criteria_mapping import suggest, unmapped
from scoring.criteria_sets import (
    NotWhole,
    back_to_draft,
    copy_set,
    take_into_use,
    write_mapping,
)
from scoring.models import CriteriaSet, Criterion, LeafScore, Scorecard
from scoring.scorecards import compute, set_for, survey_estimate
from tasks.services import Refused

SAMPLE = ROOT / "data" / "criteria-sample.yaml"


@pytest.fixture
def agency(db):
    import_plan(ROOT / "data" / "plan-2019-2020.yaml", by=SYSTEM)
    return Agency.objects.get()


@pytest.fixture
def old(agency):
    return import_criteria(SAMPLE, by=SYSTEM).criteria_set


@pytest.fixture
def new(old):
    return copy_of(old)


@pytest.fixture
def signed_in(client, agency):
    from accounts.models import User

    def sign_in(role="coordinator"):
        person, _ = User.objects.get_or_create(
            email=f"{role}@example.vn",
            defaults={"name": role, "unit": agency.units.get(code="VP"), "roles": [role]},
        )
        client.force_login(person, backend="accounts.backends.EmailBackend")
        return client

    return sign_in


def copy_of(criteria_set, code="MOI", **more):
    return copy_set(
        criteria_set=criteria_set, code=code, name="Bộ mới", valid_from=2020, by=SYSTEM, **more
    )


def change(criteria_set, of, **columns):
    node = criteria_set.criteria.get(code=of)
    for name, value in columns.items():
        setattr(node, name, value)
    node.save()
    return node


def compared(old, new, **more):
    return compare(
        list(old.criteria.order_by("order")),
        list(new.criteria.order_by("order")),
        **{"linked": new.previous_id == old.pk, "targets": {}, "year": 2020} | more,
    )


# -- Into use and back ----------------------------------------------------------------------------


def test_a_draft_scores_nothing_until_it_is_taken_into_use(agency, old, new):
    assert set_for(agency, 2020) == old
    with pytest.raises(CommandError, match="đang soạn"):
        call_command("score", "--agency", agency.code, "--year", "2020", "--criteria", "MOI")
    take_into_use(criteria_set=new, by=SYSTEM)
    assert set_for(agency, 2020) == new
    entries = AuditEntry.objects.filter(object_id=new.pk, action="Đưa bộ tiêu chí vào sử dụng")
    assert entries.count() == 1
    take_into_use(criteria_set=new, by=SYSTEM)  # again nothing
    assert entries.count() == 1
    back_to_draft(criteria_set=new, by=SYSTEM)
    assert set_for(agency, 2020) == old


def test_what_has_faults_is_not_taken_into_use(new):
    change(new, "1.1", maximum=9)
    change(new, "1.2.1", minimum=Decimal("-1"), evidence=[""])
    with pytest.raises(NotWhole) as caught:
        take_into_use(criteria_set=new, by=SYSTEM)
    assert [(fault.code, fault.field) for fault in caught.value.faults] == [
        ("1.1", "max"),
        ("1.2.1", "evidence"),
    ]
    new.refresh_from_db()
    assert new.is_draft


def test_a_used_set_does_not_go_back_to_draft(agency, old):
    Scorecard.objects.create(agency=agency, year=2019, criteria_set=old)
    with pytest.raises(Refused, match="phiếu điểm sử dụng"):
        back_to_draft(criteria_set=old, by=SYSTEM)
    old.refresh_from_db()
    assert not old.is_draft


def test_importing_over_a_draft_does_not_take_it_into_use(old, capsys):
    back_to_draft(criteria_set=old, by=SYSTEM)
    assert import_criteria(SAMPLE, by=SYSTEM).change == "unchanged"
    call_command("import_criteria", str(SAMPLE))
    assert "vẫn đang soạn; bấm «Đưa vào sử dụng»" in capsys.readouterr().out
    old.refresh_from_db()
    assert old.is_draft
    take_into_use(criteria_set=old, by=SYSTEM)
    call_command("import_criteria", str(SAMPLE))
    assert "đang soạn" not in capsys.readouterr().out


# -- Copy -----------------------------------------------------------------------------------------


def test_a_copy_has_everything_and_knows_where_it_comes_from(old):
    old.is_sample = False
    old.save()
    made = copy_of(old, decision_number="12/QĐ", decision_issuer="UBND tỉnh")
    was, now = data_of(old), data_of(made)
    assert (now.pop("code"), now.pop("name"), now.pop("valid_from")) == ("MOI", "Bộ mới", 2020)
    assert now.pop("previous") == "MINH-HOA"
    assert now.pop("decision") == {"number": "12/QĐ", "issuer": "UBND tỉnh"}
    for key in ("code", "name", "valid_from", "decision"):
        was.pop(key)

    def strip(node):
        assert node.pop("old_codes") == [node["code"]]
        for child in node.get("criteria", []) + node.get("children", []):
            strip(child)

    for field in now["fields"]:
        strip(field)
    assert now == was
    assert made.is_draft
    assert old.criteria.count() == made.criteria.count()
    entry = AuditEntry.objects.get(object_id=made.pk)
    assert (entry.action, entry.changes) == (
        "Sao chép bộ tiêu chí",
        {"previous": [None, "MINH-HOA"]},
    )


def test_a_code_that_is_taken_is_refused(old, new):
    with pytest.raises(Refused, match="Đã có bộ tiêu chí mã «MOI»"):
        copy_of(old)
    assert CriteriaSet.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_copies_at_once_make_one():
    import_plan(ROOT / "data" / "plan-2019-2020.yaml", by=SYSTEM)
    old = import_criteria(SAMPLE, by=SYSTEM).criteria_set
    barrier, outcomes = threading.Barrier(2), []

    def go():
        barrier.wait()
        try:
            copy_of(old)
            outcomes.append("made")
        except Refused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused"]
    assert CriteriaSet.objects.get(code="MOI").criteria.count() == old.criteria.count()


def test_the_page_copies_and_keeps_what_was_typed(signed_in, old):
    client = signed_in()
    address = reverse("criteria_copy", args=[old.pk])
    assert 'value="2020"' in client.get(address).content.decode()
    card = Scorecard.objects.create(agency=old.agency, year=2026, criteria_set=old)
    assert 'value="2027"' in client.get(address).content.decode()
    card.delete()
    typed = {"code": "MINH-HOA", "name": "Bộ 2020", "valid_from": "2020"}
    answer = client.post(address, typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Đã có bộ tiêu chí mã" in page
    assert 'value="Bộ 2020"' in page
    for wrong, words in (
        ({"code": ""}, "Chưa ghi mã"),
        ({"code": "A B"}, "dấu cách"),
        ({"valid_from": "năm"}, "Năm phải là số"),
        ({"valid_from": "1999"}, "Năm phải là số"),
        ({"decision_issued_on": "hôm qua"}, "ngày"),
    ):
        answer = client.post(address, typed | {"code": "MOI"} | wrong)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert CriteriaSet.objects.count() == 1
    answer = client.post(address, typed | {"code": "MOI", "decision_issued_on": "5/9/2020"})
    made = CriteriaSet.objects.get(code="MOI")
    assert answer.url == reverse("criteria_detail", args=[made.pk])
    assert (made.name, made.previous, f"{made.decision_issued_on}") == (
        "Bộ 2020",
        old,
        "2020-09-05",
    )
    assert not made.is_sample  # not ticked: the office makes the real one of it
    client.post(address, typed | {"code": "VAN-MINH-HOA", "is_sample": "on"})
    assert CriteriaSet.objects.get(code="VAN-MINH-HOA").is_sample
    page = client.get(reverse("criteria_copy", args=[made.pk])).content.decode()
    assert "minh họa" not in page.split("<form method")[1]
    assert signed_in("leader").post(address, typed | {"code": "X"}).status_code == 403
    assert CriteriaSet.objects.count() == 3


# -- Compare --------------------------------------------------------------------------------------


def test_a_copy_differs_in_nothing(old, new):
    found = compared(old, new)
    assert (found.added, found.gone, found.changed) == ((), (), ())
    assert len(found.same) == old.criteria.count()
    assert (found.before, found.after, found.change) == (100, 100, 0)


def test_each_change_is_named_by_its_field(old, new):
    change(new, "1.2.1", name="Tên khác", maximum=2, minimum=Decimal("-0.5"))
    leaf = change(new, "1.3.1", rule={"type": "ratio", "indicator": "1.3-b", "full": "100"})
    change(new, "1.4.2", evidence=["Khác"], scale="Khác")
    change(new, "9.1.1", kind="self", rule={"type": "manual"})
    change(new, "1.2.2", parent=new.criteria.get(code="1.1"))
    found = {pair.new.code: pair for pair in compared(old, new).changed}
    assert [(d.name, d.before, d.after) for d in found["1.2.1"].differences] == [
        ("Tên", "Thực hiện kế hoạch tuyên truyền", "Tên khác"),
        ("Điểm tối đa", "1,5", "2"),
        ("Điểm tối thiểu", "0", "-0,5"),
    ]
    # The same words of another indicator are another rule.
    (rule,) = found[leaf.code].differences
    assert (rule.name, rule.before[:5], rule.after[:5]) == ("Quy tắc", "1.3-a", "1.3-b")
    assert [d.name for d in found["1.4.2"].differences] == [
        "Thang điểm của quyết định",
        "Tài liệu kiểm chứng",
    ]
    assert [d.name for d in found["9.1.1"].differences] == ["Cách chấm", "Quy tắc"]
    assert [(d.name, d.before, d.after) for d in found["1.2.2"].differences] == [
        ("Thuộc", "1.2", "1.1")
    ]
    assert {row.new.code: (row.before, row.after) for row in compared(old, new).fields}["1"] == (
        12,
        Decimal("12.5"),
    )


def test_joined_split_added_and_gone(old, new):
    new.criteria.filter(code="1.1.2").delete()
    change(new, "1.1.1", old_codes=["1.1.1", "1.1.2"], maximum=2)
    change(new, "1.2.1", old_codes=["1.2.1"])
    change(new, "1.2.2", code="1.2.9", old_codes=["1.2.1"])
    change(new, "2.1.1", code="2.1.9", old_codes=[])
    found = compared(old, new)
    pairs = {pair.new.code: pair for pair in found.changed}
    assert pairs["1.1.1"].note == "gộp từ 1.1.1, 1.1.2"
    assert pairs["1.1.1"].differences == ()  # 1 + 1 points before, 2 now
    assert pairs["1.2.1"].note == "tách từ 1.2.1"
    assert pairs["1.2.9"].note == "tách từ 1.2.1"
    assert [node.code for node in found.added] == ["2.1.9"]
    assert [node.code for node in found.gone] == ["1.2.2", "2.1.1"]


def test_sets_that_are_not_linked_are_matched_by_code(old, new):
    change(new, "1.2.2", old_codes=["1.2.1"])
    found = compared(old, new, linked=False)
    assert (found.added, found.gone, found.changed) == ((), (), ())
    # Old codes of another set mean nothing here.
    assert compared(old, new).changed


def test_fields_that_come_and_go(old, new):
    last = change(new, "9", code="10", name="Khảo sát", old_codes=[])
    found = compared(old, new)
    rows = [(r.old and r.old.code, r.new and r.new.code, r.before, r.after) for r in found.fields]
    assert rows[-2:] == [(None, "10", 0, 30), ("9", None, 30, 0)]
    assert last in found.added


def test_the_page_compares(signed_in, old, new):
    change(new, "1.2.1", name="Tên khác")
    client = signed_in("leader")
    page = client.get(reverse("criteria_compare")).content.decode()
    assert "theo đối chiếu mã của bộ MOI" in page
    assert "<ins>Tên khác</ins>" in page
    assert "Đối chiếu mã</a>" not in page  # a leader only reads
    page = client.get(reverse("criteria_compare"), {"cu": new.pk, "moi": old.pk}).content.decode()
    assert "<del>Tên khác</del>" in page
    assert "ghép theo mã giống nhau" in page
    page = client.get(reverse("criteria_compare"), {"cu": old.pk, "moi": old.pk}).content.decode()
    assert "Hãy chọn hai bộ tiêu chí khác nhau" in page
    assert client.get(reverse("criteria_compare"), {"cu": "x", "moi": "999"}).status_code == 200


def test_comparing_asks_as_much_for_any_number(signed_in, old, new):
    client = signed_in()

    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("criteria_compare")).status_code == 200
        return len(found)

    many = count()
    new.criteria.filter(depth__gt=0).delete()
    old.criteria.filter(depth__gt=0).delete()
    assert count() == many


# -- Map ------------------------------------------------------------------------------------------


def leaf_named(name, code="x"):
    return Criterion(code=code, name=name, kind="self", maximum=1)


def test_suggestions_go_by_code_and_name():
    olds = [
        leaf_named("Ban hành kế hoạch CCHC năm", "1"),
        leaf_named("Thực hiện kế hoạch tuyên truyền", "2"),
        leaf_named("Hình thức tuyên truyền", "3"),
    ]
    same = suggest(leaf_named("ban hanh ke hoach CCHC nam", "9"), olds)
    assert (same.old.code, same.why) == ("1", "tên như cũ")
    # The same code wins where its name is alike, though another is more alike.
    near = suggest(leaf_named("Thực hiện kế hoạch tuyên truyền CCHC", "2"), olds)
    assert near.old.code == "2"
    assert 60 <= near.percent < 100
    moved = suggest(leaf_named("Hình thức tuyên truyền CCHC", "2"), olds)
    assert moved.old.code == "3"
    assert suggest(leaf_named("Đào tạo công chức", "1"), olds) is None
    assert [old.code for old in unmapped(olds, {"a": ["1"], "b": ["1", "3"]})] == ["2"]


def test_a_mapping_is_kept_with_its_history(old, new):
    before = AuditEntry.objects.count()
    given = {"1.1.1": ["1.1.1", "1.1.2", "1.1.1"], "1.1.2": [], "1.1.3": ["1.1.3"]}
    assert write_mapping(criteria_set=new, previous=old, old_codes=given, by=SYSTEM) == 2
    assert new.criteria.get(code="1.1.1").old_codes == ["1.1.1", "1.1.2"]
    assert new.criteria.get(code="1.1.2").old_codes == []
    entry = AuditEntry.objects.latest("pk")
    assert entry.changes == {"1.1.1": ["1.1.1", "1.1.1, 1.1.2"], "1.1.2": ["1.1.2", None]}
    assert write_mapping(criteria_set=new, previous=old, old_codes=given, by=SYSTEM) == 0
    assert AuditEntry.objects.count() == before + 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"1.1.1": ["7.7.7"]}, "không có tiêu chí chấm điểm «7.7.7»"),
        ({"1.1.1": ["1.1"]}, "không có tiêu chí chấm điểm «1.1»"),
        ({"7.7.7": ["1.1.1"]}, "không còn tiêu chí «7.7.7»"),
        ({"1.1": ["1.1.1"]}, "không còn tiêu chí «1.1»"),
    ],
)
def test_codes_that_are_none_are_refused_whole(old, new, given, words):
    with pytest.raises(Refused, match=words):
        write_mapping(
            criteria_set=new, previous=old, old_codes={"1.1.2": ["1.1.3"]} | given, by=SYSTEM
        )
    assert new.criteria.get(code="1.1.2").old_codes == ["1.1.2"]


def test_a_set_goes_on_from_another_of_its_agency(old):
    other = Agency.objects.create(code="SNV", name="Sở Nội vụ")
    strange = CriteriaSet.objects.create(agency=other, code="A", name="A", valid_from=2019)
    for previous in (old, strange):
        with pytest.raises(Refused, match="bộ tiêu chí khác của cơ quan"):
            write_mapping(criteria_set=old, previous=previous, old_codes={}, by=SYSTEM)


def test_a_used_set_may_be_mapped_and_keeps_its_points(agency, old, tmp_path):
    data = load("criteria-sample.yaml") | {"code": "KHAC"}
    import yaml

    path = tmp_path / "khac.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    used = import_criteria(path, by=SYSTEM).criteria_set
    Scorecard.objects.create(agency=agency, year=2019, criteria_set=used)
    write_mapping(criteria_set=used, previous=old, old_codes={"1.1.1": ["1.1.1"]}, by=SYSTEM)
    assert used.criteria.get(code="1.1.1").old_codes == ["1.1.1"]
    # The file it came from says nothing of codes and is still the same.
    assert import_criteria(path, by=SYSTEM).change == "unchanged"
    used.refresh_from_db()
    assert used.previous == old


def test_the_page_maps(signed_in, agency, old, tmp_path):
    data = load("criteria-sample.yaml") | {"code": "KHAC"}
    data["fields"][0]["criteria"][0]["children"][0]["code"] = "1.1.8"
    import yaml

    path = tmp_path / "khac.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    new = import_criteria(path, by=SYSTEM).criteria_set
    client = signed_in()
    address = reverse("criteria_map", args=[new.pk])
    leaf = new.criteria.get(code="1.1.8")
    page = " ".join(client.get(address).content.decode().split())
    assert "đang điền sẵn theo gợi ý" in page
    assert f'name="cu-{leaf.pk}" id="cu-{leaf.pk}" value="1.1.1"' in page
    assert "Gợi ý: 1.1.1 Ban hành kế hoạch CCHC năm (tên như cũ)" in page
    assert not Criterion.objects.exclude(old_codes=[]).exists()  # looking writes nothing
    fields = {f"cu-{one.pk}": one.code for one in new.criteria.exclude(kind="")}
    fields |= {"bo": str(old.pk), f"cu-{leaf.pk}": "1.1.1; 1.1.2"}
    second = new.criteria.get(code="1.1.2")
    fields[f"cu-{second.pk}"] = ""
    third = new.criteria.get(code="1.1.3")
    answer = client.post(address, fields | {f"cu-{third.pk}": "1.1.77"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Bộ trước không có tiêu chí chấm điểm «1.1.77»" in page
    assert 'value="1.1.1; 1.1.2"' in page  # what was typed stays
    assert "Tiêu chí cũ chưa được tiêu chí nào tiếp nối (1)" in page
    assert not Criterion.objects.exclude(old_codes=[]).exists()
    answer = client.post(address, fields)
    assert answer.url == address
    leaf.refresh_from_db()
    assert leaf.old_codes == ["1.1.1", "1.1.2"]
    new.refresh_from_db()
    assert new.previous == old
    page = client.get(address).content.decode()
    assert 'value="1.1.1, 1.1.2"' in page
    assert "đều có tiêu chí tiếp nối" in page
    for method in ("get", "post"):
        assert getattr(signed_in("leader"), method)(address).status_code == 403


def test_a_single_set_has_nothing_to_be_mapped_to(signed_in, old):
    page = signed_in().get(reverse("criteria_map", args=[old.pk])).content.decode()
    assert "Chưa có bộ tiêu chí nào khác" in page
    assert signed_in().post(reverse("criteria_map", args=[old.pk])).status_code == 200


def test_mapping_asks_as_much_for_any_number(signed_in, old, new):
    client = signed_in()

    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("criteria_map", args=[new.pk])).status_code == 200
        return len(found)

    many = count()
    new.criteria.filter(code__startswith="1.1.").delete()
    assert count() == many


# -- What the mapping is for ----------------------------------------------------------------------


@pytest.fixture
def surveyed(agency, old):
    """The year before under the old set: 9, 6 and 3 of 10 each."""
    from plans.models import Plan
    from tasks.periods import open_period

    card = Scorecard.objects.create(agency=agency, year=2019, criteria_set=old)
    for code, points in (("9.1.1", 9), ("9.1.2", 6), ("9.1.3", 3)):
        LeafScore.objects.create(
            scorecard=card, criterion=old.criteria.get(code=code), survey=points
        )
    plan = Plan.objects.get()
    open_period(plan=plan, year=2020, by=SYSTEM)
    return plan.periods.get(year=2020)


def test_an_estimate_goes_leaf_by_leaf_where_sets_are_mapped(old, new, surveyed):
    change(new, "9.1.1", maximum=Decimal(20), old_codes=["9.1.1"])
    change(new, "9.1.2", maximum=Decimal(7), old_codes=["9.1.2", "9.1.3"])
    change(new, "9.1.3", maximum=Decimal(3), old_codes=[])
    card = compute(surveyed, new)
    survey = 20 * Fraction(9, 10) + 7 * Fraction(9, 20) + 3 * Fraction(18, 30)
    assert survey_estimate(card) == (card.sums.points + survey) / (card.sums.maximum + 30) * 100


def test_without_a_link_all_are_taken_together(old, new, surveyed):
    change(new, "9.1.1", maximum=Decimal(20))
    new.previous = None
    new.save()
    card = compute(surveyed, new)
    survey = 40 * Fraction(18, 30)
    assert survey_estimate(card) == (card.sums.points + survey) / (card.sums.maximum + 40) * 100


def test_the_same_set_is_its_own_mapping(old, surveyed):
    LeafScore.objects.filter(criterion__code="9.1.3").delete()
    card = compute(surveyed, old)
    survey = 9 + 6 + 10 * Fraction(15, 20)
    assert survey_estimate(card) == (card.sums.points + survey) / (card.sums.maximum + 30) * 100


def test_a_mapping_to_another_set_says_nothing_of_this_one(old, new, surveyed):
    between = copy_of(old, "GIUA")
    new.previous = between
    new.save()
    card = compute(surveyed, new)
    survey = 30 * Fraction(18, 30)
    assert survey_estimate(card) == (card.sums.points + survey) / (card.sums.maximum + 30) * 100
