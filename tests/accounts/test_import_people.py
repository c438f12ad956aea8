"""Accounts from a table: created with an invitation, updated, never deleted; a fault of one row stops all."""

import io
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook, load_workbook

from accounts.models import Agency, AuditEntry, Mail, Role, Unit, User

HEADINGS = "agency,unit,email,name,role"


@pytest.fixture
def agency(db):
    agency = Agency.objects.create(code="SGDDT", name="Sở Giáo dục và Đào tạo")
    for code, name in (("VP", "Văn phòng Sở"), ("TCCB", "Phòng Tổ chức cán bộ")):
        Unit.objects.create(agency=agency, code=code, name=name)
    return agency


@pytest.fixture
def stranger(db):
    other = Agency.objects.create(code="SNV", name="Sở Nội vụ")
    unit = Unit.objects.create(agency=other, code="PHC", name="Phòng Hành chính")
    return User.objects.create_user("la@snv.vn", name="Người Lạ", unit=unit, roles=["head"])


@pytest.fixture
def run(tmp_path):
    def call(*rows, name="nguoi.csv", options=()):
        path = tmp_path / name
        if len(rows) == 1 and isinstance(rows[0], bytes):
            path.write_bytes(rows[0])
        else:
            path.write_text("\n".join((HEADINGS, *rows)), encoding="utf-8")
        out, err = StringIO(), StringIO()
        try:
            call_command("import_people", str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            return [*err.getvalue().splitlines(), str(error)]
        return out.getvalue().splitlines()

    return call


TWO = (
    "SGDDT,VP,Chanh.VP@so.vn,Nguyễn  Văn An,head+coordinator",
    "SGDDT,TCCB,tccb@so.vn,Trần Thị Bình,reporter",
)


def test_new_people_get_an_account_and_an_invitation(agency, run, client):
    assert run(*TWO)[-1] == "2 people, 2 created, 0 updated"
    head = User.objects.get(email="chanh.vp@so.vn")
    assert (head.name, head.unit.code) == ("Nguyễn Văn An", "VP")
    assert head.roles == {Role.HEAD, Role.COORDINATOR}
    assert head.is_active
    assert not head.has_usable_password()
    mails = {mail.to: mail for mail in Mail.objects.all()}
    assert set(mails) == {"chanh.vp@so.vn", "tccb@so.vn"}
    assert mails["tccb@so.vn"].kind == "invitation"
    assert "Trần Thị Bình" in mails["tccb@so.vn"].text
    link = re.search(r"https?://[^/\s]+(/\S+)", mails["tccb@so.vn"].text)[1]
    assert client.get(link, follow=True).context["validlink"]
    assert AuditEntry.objects.filter(agency=agency, object_type="accounts.user").count() == 2


def test_the_second_time_nothing_changes(agency, run):
    run(*TWO)
    assert run(*TWO) == ["Không có gì thay đổi.", "2 people, 0 created, 0 updated"]
    assert Mail.objects.count() == 2
    assert AuditEntry.objects.count() == 2


def test_people_are_updated_by_address_and_keep_their_password(agency, run):
    user = User.objects.create_user(
        "tccb@so.vn",
        "mat-khau-cu",
        name="Trần B",
        unit=agency.units.get(code="VP"),
        roles=["leader"],
    )
    left = User.objects.create_user(
        "khac@so.vn", name="Người Khác", unit=agency.units.get(code="VP"), roles=["head"]
    )
    lines = run(*TWO)
    assert lines[-1] == "2 people, 1 created, 1 updated"
    assert any(
        "Trần B → Trần Thị Bình" in line and "Lãnh đạo Sở → Chuyên viên" in line for line in lines
    )
    user.refresh_from_db()
    assert (user.name, user.unit.code, user.roles) == ("Trần Thị Bình", "TCCB", {Role.REPORTER})
    assert user.check_password("mat-khau-cu")
    assert User.objects.filter(pk=left.pk, is_head=True).exists()
    assert not Mail.objects.filter(user=user).exists()
    entry = AuditEntry.objects.get(object_id=user.pk)
    assert entry.changes["họ và tên"] == ["Trần B", "Trần Thị Bình"]


def test_who_was_switched_off_stays_off(agency, run):
    user = User.objects.create_user(
        "tccb@so.vn", name="Trần Thị Bình", unit=agency.units.get(code="TCCB"), roles=["reporter"]
    )
    User.objects.filter(pk=user.pk).update(is_active=False)
    lines = run(TWO[1])
    assert any("vẫn ngừng" in line for line in lines)
    assert not User.objects.get(pk=user.pk).is_active


def test_a_dry_run_writes_nothing(agency, run):
    lines = run(*TWO, options=["--dry-run"])
    assert lines[0].startswith("Chạy thử")
    assert lines[-1] == "2 people, 2 created, 0 updated"
    assert not User.objects.get_queryset().exists()
    assert not Mail.objects.exists()


def test_roles_by_their_vietnamese_names_and_codes_in_any_case(agency, run):
    run("sgddt,vp,a@so.vn,An,Trưởng đơn vị + REPORTER")
    user = User.objects.get(email="a@so.vn")
    assert (user.unit.code, user.roles) == ("VP", {Role.HEAD, Role.REPORTER})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("KHAC,VP,a@so.vn,An,head", "dòng 3, agency: không có cơ quan mã «KHAC»"),
        (",VP,a@so.vn,An,head", "dòng 3, agency: thiếu mã cơ quan"),
        ("SGDDT,PHC,a@so.vn,An,head", "dòng 3, unit: cơ quan SGDDT không có đơn vị mã «PHC»"),
        ("SGDDT,,a@so.vn,An,head", "dòng 3, unit: thiếu mã đơn vị"),
        ("SGDDT,VP,a@so.vn,An,boss", "dòng 3, role: không có vai trò «boss»; các vai trò: reporter"),
        ("SGDDT,VP,a@so.vn,An,head+boss", "dòng 3, role: không có vai trò «boss»"),
        ("SGDDT,VP,a@so.vn,An,head+", "dòng 3, role: không có vai trò «»"),
        ("SGDDT,VP,a@so.vn,An,", "dòng 3, role: thiếu vai trò"),
        ("SGDDT,VP,a@so.vn, ,head", "dòng 3, name: thiếu họ và tên"),
        (f"SGDDT,VP,a@so.vn,{'A' * 151},head", "dòng 3, name: họ và tên dài quá"),
        ("SGDDT,VP,a.so.vn,An,head", "dòng 3, email: «a.so.vn» không phải là địa chỉ"),
        ("SGDDT,VP,à@so.vn,An,head", "dòng 3, email: «à@so.vn» không phải là địa chỉ"),
        ("SGDDT,VP,,An,head", "dòng 3, email: thiếu địa chỉ"),
        ("SGDDT,VP,DAU@so.vn,An,head", "dòng 3, email: địa chỉ dau@so.vn đã có ở dòng 2"),
        ("SGDDT,VP,la@snv.vn,An,head", "dòng 3, email: địa chỉ la@snv.vn là của người thuộc cơ quan khác"),
        ("SGDDT,VP,op@so.vn,An,head", "dòng 3, email: op@so.vn là tài khoản của người vận hành"),
    ],
)  # fmt: skip
def test_a_fault_names_row_and_column_and_nothing_is_written(agency, stranger, run, row, said):
    User.objects.create_superuser("op@so.vn", "x")
    before = User.objects.get_queryset().count()
    lines = run("SGDDT,VP,dau@so.vn,Người Đầu,head", row)
    assert lines[0].startswith(said)
    assert lines[-1] == "1 lỗi; chưa ghi gì."
    assert User.objects.get_queryset().count() == before
    assert not Mail.objects.exists()
    assert not AuditEntry.objects.exists()


def test_all_faults_of_all_rows_come_at_once(agency, run):
    lines = run("KHAC,VP,a,An,boss", "SGDDT,VP,b@so.vn,,head")
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "dòng 2, agency",
        "dòng 2, role",
        "dòng 2, email",
        "dòng 3, name",
    ]


def test_a_table_without_people_is_refused(agency, run):
    assert run()[0] == "Bảng không có người nào dưới dòng tiêu đề."
    assert "thiếu cột «role»" in run(b"agency,unit,email,name\nSGDDT,VP,a@so.vn,An\n")[0]


def test_a_workbook_is_read_like_a_table(agency, run):
    book = Workbook()
    book.active.append(["Name", "ROLE", "email", "unit", "agency"])
    book.active.append(["Trần Thị Bình", "reporter", "tccb@so.vn", "TCCB", "SGDDT"])
    stream = io.BytesIO()
    book.save(stream)
    assert run(stream.getvalue())[-1] == "1 people, 1 created, 0 updated"
    assert User.objects.get(email="tccb@so.vn").unit.code == "TCCB"


def test_the_template_can_be_filled_in(agency, run, tmp_path):
    target = tmp_path / "mau.xlsx"
    call_command("import_people", template=str(target), stdout=StringIO())
    assert run(target.read_bytes())[0] == "Bảng không có người nào dưới dòng tiêu đề."
    book = load_workbook(target)
    assert [cell.value for cell in book.active[1]] == HEADINGS.split(",")
    assert "head+coordinator" in str(list(book["Hướng dẫn"].iter_rows(values_only=True)))
    for column, value in zip("ABCDE", TWO[1].split(","), strict=True):
        book.active[f"{column}2"] = value
    stream = io.BytesIO()
    book.save(stream)
    assert run(stream.getvalue())[-1] == "1 people, 1 created, 0 updated"
    with pytest.raises(CommandError, match="Đã có"):
        call_command("import_people", template=str(target))
    with pytest.raises(CommandError, match="xlsx"):
        call_command("import_people", template=str(tmp_path / "mau.csv"))
    with pytest.raises(CommandError, match="Không ghi được"):
        call_command("import_people", template=str(tmp_path / "khong" / "mau.xlsx"))
    with pytest.raises(CommandError, match="Hãy nêu tệp"):
        call_command("import_people")


def test_reading_many_known_people_takes_few_queries(agency, run, django_assert_max_num_queries):
    rows = [f"SGDDT,TCCB,nguoi{n}@so.vn,Người {n},reporter" for n in range(40)]
    run(*rows)
    with django_assert_max_num_queries(8):
        assert run(*rows)[-1] == "40 people, 0 created, 0 updated"


def test_faults_take_few_queries_too(agency, run, django_assert_max_num_queries):
    with django_assert_max_num_queries(8) as caught:
        assert isinstance(caught, CaptureQueriesContext)
        run(*["KHAC,X,a,,boss"] * 200)
