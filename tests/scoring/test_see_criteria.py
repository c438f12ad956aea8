"""«Bộ tiêu chí»: the list, loading a file with every fault on the page, one set whole, taking it away."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from made_results import ROOT, SYSTEM, load
from openpyxl import load_workbook

from accounts.models import Agency, AuditEntry, Unit, User
from plans.importing import import_plan
from plans.models import Indicator
from scoring.criteria_importing import import_criteria
from scoring.criteria_sets import back_to_draft, copy_set
from scoring.models import CriteriaSet, Scorecard

SAMPLE = ROOT / "data" / "criteria-sample.yaml"
BACKEND = "accounts.backends.EmailBackend"


class Office:
    def __init__(self, client):
        import_plan(ROOT / "data" / "plan-2019-2020.yaml", by=SYSTEM)
        self.agency = Agency.objects.get()
        self.set = import_criteria(SAMPLE, by=SYSTEM).criteria_set
        self.client = client
        office = self.agency.units.get(code="VP")
        self.people = {
            role: User.objects.create_user(
                f"{role}@example.vn", name=f"Họ {role}", unit=office, roles=[role]
            )
            for role in ("coordinator", "leader", "head", "administrator")
        }
        self.sign_in("coordinator")

    def sign_in(self, role):
        self.client.force_login(self.people[role], backend=BACKEND)

    def page(self, name="criteria_detail", *args, status=200):
        answer = self.client.get(reverse(name, args=args or [self.set.pk]))
        assert answer.status_code == status
        return " ".join(answer.content.decode().split())

    def give(self, content, name="bo.yaml", **more):
        upload = SimpleUploadedFile(name, content)
        return self.client.post(
            reverse("criteria_import"), {"tep": upload, "whole": "1"} | more, follow=True
        )


@pytest.fixture
def office(db, client):
    return Office(client)


def test_the_list_says_what_there_is(office):
    answer = office.client.get(reverse("criteria_list"))
    page = " ".join(answer.content.decode().split())
    assert "Bộ tiêu chí minh họa" in page
    assert '<td class="num" data-label="Tiêu chí chấm điểm">53</td>' in page
    assert '<td class="num" data-label="Điểm">100</td>' in page
    assert "Sẵn sàng" in page
    Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.set)
    assert "Đã dùng cho năm 2019" in office.client.get(reverse("criteria_list")).content.decode()
    copy_set(criteria_set=office.set, code="MOI", name="Bộ mới", valid_from=2020, by=SYSTEM)
    page = office.client.get(reverse("criteria_list")).content.decode()
    assert "Đang soạn" in page
    assert page.index("Bộ mới") < page.index("Bộ tiêu chí minh họa")


def test_a_leader_reads_and_a_unit_does_not(office):
    office.sign_in("leader")
    for name in ("criteria_list", "criteria_compare"):
        answer = office.client.get(reverse(name))
        assert answer.status_code == 200
        assert "Kiểm tra và nhập" not in answer.content.decode()
    page = office.page()
    assert "Sao chép" not in page
    assert "Mở lại để soạn" not in page
    assert office.give(SAMPLE.read_bytes()).status_code == 403
    for role in ("head", "administrator"):
        office.sign_in(role)
        assert office.client.get(reverse("criteria_list")).status_code == 403
        office.page(status=403)


def test_another_agencys_set_does_not_exist(office):
    other = Agency.objects.create(code="SNV", name="Sở Nội vụ")
    unit = Unit.objects.create(agency=other, code="VP", name="Văn phòng")
    office.people["stranger"] = User.objects.create_user(
        "stranger@example.vn", name="Người lạ", unit=unit, roles=["coordinator"]
    )
    office.sign_in("stranger")
    office.page(status=404)
    office.page("criteria_map", status=404)
    office.page("criteria_copy", status=404)
    office.page("criteria_download", office.set.pk, "xlsx", status=404)
    assert "minh họa" not in office.client.get(reverse("criteria_list")).content.decode()
    # A file is loaded into the person's own agency, whose plan lacks the indicators.
    answer = office.give(SAMPLE.read_bytes())
    assert answer.status_code == 422
    assert "không có chỉ tiêu" in answer.content.decode()
    assert not other.criteria_sets.exists()


def test_the_page_of_a_set_says_rules_evidence_and_indicators(office):
    page = office.page()
    assert "Từ 80% đến 100%: tính theo tỷ lệ, đủ 100% được 1,5 điểm; dưới 80%: 0 điểm" in page
    assert "Quyết định ghi: “Từ 80% đến 100%: tính theo tỷ lệ; dưới 80%: 0”" in page
    assert "Tài liệu: Kế hoạch tuyên truyền; Kế hoạch kiểm tra" in page
    assert "thấp nhất −1" in page
    assert "Tốt ≥ 90; Khá ≥ 80" in page
    assert "Theo kết quả điều tra xã hội học" in page
    indicator = Indicator.objects.get(code="1.2-a")
    plan = reverse("plan_detail", args=[indicator.task.area.plan_id])
    assert f'{plan}?nam=2019#nhiem-vu-{indicator.task_id}"' in page
    assert "9 lĩnh vực, 53 tiêu chí chấm điểm, 100 điểm" in page
    # A group's points are those of the leaves below it.
    group = office.set.criteria.get(code="1.1")
    row = page.split(f'id="tieu-chi-{group.pk}"')[1].split("</tr>")[0]
    assert 'data-label="Điểm tối đa">4</td>' in row


def test_a_draft_shows_its_faults_with_links(office):
    copy = copy_set(
        criteria_set=office.set,
        code="MOI",
        name="",
        valid_from=2020,
        decision_number="12",
        by=SYSTEM,
    )
    leaf = copy.criteria.get(code="1.2.1")
    leaf.rule["indicator"] = "1.2-z"
    leaf.save()
    page = office.page("criteria_detail", copy.pk)
    assert "Còn 3 chỗ phải sửa" in page
    assert (
        f'<a href="{reverse("criterion_edit", args=[copy.pk, leaf.pk])}">1.2.1, Chỉ tiêu</a>'
        in page
    )
    assert f'<a href="{reverse("criteria_edit", args=[copy.pk])}">Ngày quyết định</a>' in page
    assert "không có trong kế hoạch" in page
    office.sign_in("leader")
    page = office.page("criteria_detail", copy.pk)
    assert f'<a href="#tieu-chi-{leaf.pk}">1.2.1, Chỉ tiêu</a>' in page
    assert reverse("criterion_edit", args=[copy.pk, leaf.pk]) not in page


def test_a_set_in_use_says_which_indicators_left_the_plan(office):
    assert "không còn khớp" not in office.page()
    Indicator.objects.filter(code="1.2-a").update(retired_at="2019-06-01T00:00:00Z")
    page = office.page()
    assert "1 chỗ không còn khớp với kế hoạch" in page
    assert reverse("criterion_edit", args=[office.set.pk, 1]).rsplit("/", 2)[0] not in page


def test_a_whole_draft_says_that_it_may_be_taken_into_use(office):
    back_to_draft(criteria_set=office.set, by=SYSTEM)
    page = office.page()
    assert "đã đủ và không có lỗi" in page
    assert "Nên kiểm tra lại" not in page  # 100 points, and no rule above its maximum
    assert reverse("criteria_take_into_use", args=[office.set.pk]) in page
    page = " ".join(office.client.get(reverse("criteria_list")).content.decode().split())
    assert '<td data-label="Trạng thái">Đang soạn</td>' in page


def test_what_was_done_stands_at_the_foot_in_words(office):
    data = load("criteria-sample.yaml")
    leaf = data["fields"][0]["criteria"][1]["children"][0]
    leaf["rule"]["floor"] = "70"
    leaf["evidence"] = ["Báo cáo A", "Báo cáo B"]
    data["bands"][0]["at"] = "95"
    data["sample"] = False
    import yaml

    page = office.give(yaml.safe_dump(data, allow_unicode=True).encode()).content.decode()
    page = " ".join(page.split())
    assert "Đã sửa bộ tiêu chí" in page
    assert "1.2.1, quy tắc: <del>1.2-a: Từ 80% đến 100%" in page
    assert "<ins>1.2-a: Từ 70% đến 100%" in page
    assert "1.2.1, tài liệu kiểm chứng" in page
    assert "<ins>Báo cáo A; Báo cáo B</ins>" in page
    assert "minh họa: <del>có</del> → <ins>không</ins>" in page
    assert "Tốt ≥ 95" in page
    assert "Họ coordinator" in page
    assert "{&#x27;" not in page  # no stored data


def test_a_file_is_loaded_from_the_page(office):
    content = SAMPLE.read_text().replace("code: MINH-HOA", "code: BO-2", 1).encode()
    answer = office.give(content)
    made = CriteriaSet.objects.get(code="BO-2")
    assert answer.redirect_chain == [(reverse("criteria_detail", args=[made.pk]), 302)]
    assert "Đã nhập bộ tiêu chí" in answer.content.decode()
    entry = AuditEntry.objects.filter(object_id=made.pk, action="Nhập bộ tiêu chí").get()
    assert entry.actor_name == "Họ coordinator"
    assert "không thay đổi gì" in office.give(content).content.decode()
    assert AuditEntry.objects.filter(object_id=made.pk).count() == 1


def test_a_workbook_taken_away_comes_back_unchanged(office):
    answer = office.client.get(reverse("criteria_download", args=[office.set.pk, "xlsx"]))
    assert answer["Content-Disposition"] == 'attachment; filename="bo-tieu-chi-minh-hoa.xlsx"'
    assert "không thay đổi gì" in office.give(answer.content, "bo.xlsx").content.decode()
    answer = office.client.get(reverse("criteria_download", args=[office.set.pk, "yaml"]))
    assert "không thay đổi gì" in office.give(answer.content).content.decode()
    assert office.client.get(f"/diem/bo-tieu-chi/{office.set.pk}/tai/pdf/").status_code == 404


def test_codes_that_look_like_numbers_survive_yaml(office):
    leaf = office.set.criteria.get(code="9.1.3")
    leaf.code, leaf.name, leaf.scale = "08", "1e5", "null"
    leaf.save()
    answer = office.client.get(reverse("criteria_download", args=[office.set.pk, "yaml"]))
    assert "không thay đổi gì" in office.give(answer.content).content.decode()


def test_a_file_over_a_draft_leaves_it_a_draft(office):
    content = office.client.get(reverse("criteria_download", args=[office.set.pk, "xlsx"])).content
    back_to_draft(criteria_set=office.set, by=SYSTEM)
    page = office.give(content, "bo.xlsx").content.decode()
    assert "không thay đổi gì. Bộ vẫn đang soạn; bấm «Đưa vào sử dụng»" in page
    changed = SAMPLE.read_bytes().replace(b'floor: "80"', b'floor: "70"')
    page = office.give(changed).content.decode()
    assert "theo tệp. Bộ vẫn đang soạn" in page
    office.set.refresh_from_db()
    assert office.set.is_draft
    assert "is_draft" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_the_template_is_there_to_take(office):
    answer = office.client.get(reverse("criteria_template"))
    assert load_workbook(io.BytesIO(answer.content)).sheetnames[:2] == [
        "Thông tin chung",
        "Tiêu chí",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Tệp rỗng"),
        (b"PK\x03\x04rubbish", "Không mở được sổ tính"),
        (b"just text", "Tệp không phải là sổ tính .xlsx theo mẫu"),
        (SAMPLE.read_bytes().replace(b'floor: "80"', b'floor: "101"'), "mức sàn 101% lớn hơn"),
    ],
)
def test_faults_of_a_file_stand_on_the_page(office, content, words):
    before = CriteriaSet.objects.get().updated_at
    answer = office.give(content)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "chưa nhập gì" in page
    assert CriteriaSet.objects.get().updated_at == before


def test_no_file_or_half_of_one(office):
    answer = office.client.post(reverse("criteria_import"), {"whole": "1"})
    assert (answer.status_code, "Hãy chọn tệp" in answer.content.decode()) == (422, True)
    upload = SimpleUploadedFile("bo.yaml", SAMPLE.read_bytes())
    answer = office.client.post(reverse("criteria_import"), {"tep": upload})
    assert (answer.status_code, "đứt giữa chừng" in answer.content.decode()) == (422, True)
    large = SimpleUploadedFile("bo.yaml", b"a" * (5 * 1024 * 1024 + 1))
    answer = office.client.post(reverse("criteria_import"), {"tep": large, "whole": "1"})
    assert (answer.status_code, "quá lớn" in answer.content.decode()) == (422, True)


def test_a_used_set_is_refused_with_its_year(office):
    Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.set)
    content = SAMPLE.read_bytes().replace(b'floor: "80"', b'floor: "70"')
    answer = office.give(content)
    assert answer.status_code == 422
    assert "đang được phiếu điểm năm 2019 sử dụng" in answer.content.decode()


def test_queries_do_not_grow(office):
    def count(name, *args):
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert office.client.get(reverse(name, args=args)).status_code == 200
        return len(found)

    one = count("criteria_list")
    small = CriteriaSet.objects.create(
        agency=office.agency, code="NHO", name="Nhỏ", valid_from=2019
    )
    field = small.criteria.create(code="1", name="x", depth=0, order=0)
    small.criteria.create(
        code="1.1",
        name="x",
        depth=1,
        order=1,
        parent=field,
        kind="self",
        maximum=1,
        rule={"type": "boolean", "all_of": ["2.1-a"]},
    )
    few = count("criteria_detail", small.pk)
    for year in (2018, 2019):
        Scorecard.objects.create(agency=office.agency, year=year, criteria_set=office.set)
        copy_set(criteria_set=office.set, code=f"B{year}", name="x", valid_from=2020, by=SYSTEM)
    assert count("criteria_list") <= one + 1  # the sets that others go on from
    assert count("criteria_detail", office.set.pk) <= few + 1
