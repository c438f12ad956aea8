"""``cchc-people/1``: accounts from a table, created or updated by e-mail, never deleted (FORMATS).

Passwords are neither read nor changed: new people get a link to set theirs. Who is switched off stays so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.datavalidation import DataValidation

from accounts.forms import send_password_link
from accounts.history import Actor, record
from accounts.models import Agency, Role, Unit, User
from accounts.reading import Fault, Faulty, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accounts.reading import Row

HEADINGS = ("agency", "unit", "email", "name", "role")
_BY_LABEL = {role.label.casefold(): role for role in Role}
_COLUMNS = [f"is_{role.value}" for role in Role]


@dataclass(frozen=True)
class Entry:
    """One row without fault."""

    line: int
    agency: Agency
    unit: Unit
    email: str
    name: str
    roles: frozenset[Role]


@dataclass
class Outcome:
    """What an import did, or (``dry_run``) would do."""

    people: int = 0
    created: list[User] = field(default_factory=list)
    updated: list[User] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def figures(self) -> str:
        """The last line of ``import_people``."""
        return f"{self.people} people, {len(self.created)} created, {len(self.updated)} updated"


@transaction.atomic
def import_people(path: str | Path, *, by: Actor, dry_run: bool = False) -> Outcome:
    """Create or update everyone in the table at ``path``. Raises Faulty, and then has written nothing."""
    rows = read_table(path, HEADINGS)
    if not rows:
        raise Faulty([Fault("Bảng không có người nào dưới dòng tiêu đề.")])
    entries = _check(rows)
    there = _people([entry.email for entry in entries])
    outcome = Outcome(people=len(entries))
    new: list[User] = []
    changed: list[tuple[User, Agency, dict[str, list[str]]]] = []
    for entry in entries:
        user = there.get(entry.email)
        if user is None:
            user = User(email=entry.email, name=entry.name, unit=entry.unit)
            user.roles = entry.roles
            user.set_unusable_password()
            new.append(user)
            outcome.changes.append(f"Thêm {user}: {entry.unit.name}, {user.roles_text}")
            continue
        changes = _update(user, entry)
        if changes:
            changed.append((user, entry.agency, changes))
            words = "; ".join(f"{what}: {old} → {now}" for what, (old, now) in changes.items())
            outcome.changes.append(f"Sửa {user.email}: {words}")
        if not user.is_active:
            outcome.notes.append(
                f"{user.email} đã ngừng hoạt động và vẫn ngừng; mở lại ở trang quản trị."
            )
    outcome.created, outcome.updated = new, [user for user, _, _ in changed]
    if dry_run:
        return outcome
    try:
        with transaction.atomic():
            User.objects.bulk_create(new)
    except IntegrityError:  # somebody else made one of them since we looked
        words = "Có người vừa thêm tài khoản cùng địa chỉ; hãy nhập lại."
        raise Faulty([Fault(words)]) from None
    if changed:
        User.objects.bulk_update(outcome.updated, ["name", "unit", *_COLUMNS])
    for user in new:
        assert user.unit
        first = {
            "đơn vị": ["", user.unit.name],
            "vai trò": ["", user.roles_text],
        }
        record(by=by, agency=user.unit.agency_id, action="Thêm", of=user, changes=first)
        send_password_link(user, template="invitation")
    for user, agency, changes in changed:
        record(by=by, agency=agency, action="Sửa", of=user, changes=changes)
    return outcome


def _people(emails: list[str]) -> dict[str, User]:
    """Those who have an account already, by e-mail."""
    people = User.objects.get_queryset().filter(email__in=emails)
    return {user.email: user for user in people.select_related("unit__agency")}


def _update(user: User, entry: Entry) -> dict[str, list[str]]:
    """Set what differs; its name → before and after."""
    changes: dict[str, list[str]] = {}
    if user.name != entry.name:
        changes["họ và tên"] = [user.name, entry.name]
        user.name = entry.name
    if user.unit_id != entry.unit.pk:
        changes["đơn vị"] = [user.unit.name if user.unit else "", entry.unit.name]
        user.unit = entry.unit
    if user.roles != entry.roles:
        before = user.roles_text
        user.roles = entry.roles
        changes["vai trò"] = [before, user.roles_text]
    return changes


# -- Faults --------------------------------------------------------------------------------------


def _check(rows: list[Row]) -> list[Entry]:
    """The rows as entries, or every fault of every row."""
    agencies = {agency.code.casefold(): agency for agency in Agency.objects.all()}
    units = {
        (unit.agency_id, unit.code.casefold()): unit
        for unit in Unit.objects.filter(agency__in=agencies.values()).select_related("agency")
    }
    there = _people([row["email"].lower() for row in rows])
    first: dict[str, int] = {}
    entries: list[Entry] = []
    faults: list[Fault] = []
    for row in rows:
        found = list(_row_faults(row, agencies, units, there, first))
        faults += found
        if not found:
            agency = agencies[row["agency"].casefold()]
            entries.append(
                Entry(
                    line=row.line,
                    agency=agency,
                    unit=units[agency.pk, row["unit"].casefold()],
                    email=row["email"].lower(),
                    name=row["name"],
                    roles=frozenset(_roles(row["role"])[0]),
                )
            )
    if faults:
        raise Faulty(faults)
    return entries


def _row_faults(
    row: Row,
    agencies: dict[str, Agency],
    units: dict[tuple[int, str], Unit],
    there: dict[str, User],
    first: dict[str, int],
) -> Iterator[Fault]:
    def fault(heading: str, message: str) -> Fault:
        return Fault(message, row.line, heading)

    agency = agencies.get(row["agency"].casefold())
    if not row["agency"]:
        yield fault("agency", "thiếu mã cơ quan")
    elif agency is None:
        yield fault("agency", f"không có cơ quan mã «{row['agency'][:60]}»")
    if not row["unit"]:
        yield fault("unit", "thiếu mã đơn vị")
    elif agency and (agency.pk, row["unit"].casefold()) not in units:
        yield fault("unit", f"cơ quan {agency.code} không có đơn vị mã «{row['unit'][:60]}»")
    if not row["name"]:
        yield fault("name", "thiếu họ và tên")
    elif len(row["name"]) > 150:
        yield fault("name", "họ và tên dài quá 150 ký tự")
    _, wrong = _roles(row["role"])
    if not row["role"]:
        yield fault("role", f"thiếu vai trò; các vai trò: {', '.join(Role.values)}")
    for role in wrong:
        yield fault(
            "role", f"không có vai trò «{role[:60]}»; các vai trò: {', '.join(Role.values)}"
        )
    yield from _email_faults(row, agency, there, first)


def _email_faults(
    row: Row, agency: Agency | None, there: dict[str, User], first: dict[str, int]
) -> Iterator[Fault]:
    email = row["email"].lower()
    message = ""
    held = there.get(email)
    if not email:
        message = "thiếu địa chỉ thư điện tử"
    elif not _is_address(email):
        message = f"«{row['email'][:60]}» không phải là địa chỉ thư điện tử"
    elif first.setdefault(email, row.line) != row.line:
        message = f"địa chỉ {email} đã có ở dòng {first[email]}"
    elif held and held.is_superuser:
        message = f"{email} là tài khoản của người vận hành hệ thống, không sửa bằng tệp này"
    elif held and agency and held.agency_id != agency.pk:
        message = f"địa chỉ {email} là của người thuộc cơ quan khác"
    if message:
        yield Fault(message, row.line, "email")


def _is_address(email: str) -> bool:
    # Mail headers of officials' servers take no letters beyond ASCII: «ngườià@…» is a slip of the keyboard.
    if not email.isascii() or len(email) > 254:
        return False
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def _roles(text: str) -> tuple[list[Role], list[str]]:
    """The roles of ``head+coordinator`` (or their Vietnamese names), and the words that are none."""
    known: list[Role] = []
    wrong: list[str] = []
    for word in (part.strip() for part in text.split("+")):
        role = _BY_LABEL.get(word.casefold())
        if role is None and word.lower() in Role.values:
            role = Role(word.lower())
        if role is not None:
            known.append(role)
        elif text:
            wrong.append(word)
    return known, wrong


# -- An empty workbook ---------------------------------------------------------------------------

_WIDTHS = (12, 12, 34, 30, 24)
_NOTES = (
    ("agency", "Mã cơ quan, ví dụ SGDDT."),
    ("unit", "Mã đơn vị trong cơ quan, ví dụ VP, TCCB."),
    ("email", "Địa chỉ thư công vụ, mỗi người một địa chỉ; tài khoản đã có được cập nhật theo địa chỉ này."),
    ("name", "Họ và tên đầy đủ."),
    ("role", "Vai trò; nhiều vai trò nối bằng dấu +, ví dụ head+coordinator."),
)  # fmt: skip


def write_template(path: str | Path) -> None:
    """An empty workbook with the headings; what goes into them on a second sheet, which is not read."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Người dùng"
    notes = book.create_sheet("Hướng dẫn")
    sheet.append(HEADINGS)
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDE", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
        sheet[f"{column}1"].font = Font(bold=True)
        # Codes such as 01 stay text.
        for number in range(2, 202):
            sheet[f"{column}{number}"].number_format = "@"
    roles = DataValidation(type="list", formula1=f'"{",".join(Role.values)}"', allow_blank=True)
    roles.showErrorMessage = False  # head+coordinator is allowed, and not in the list
    sheet.add_data_validation(roles)
    roles.add("E2:E201")
    notes.append(("Cột", "Cách ghi"))
    for line in (
        *_NOTES,
        *((f"role: {role.value}", role.label) for role in Role),
        ("Ví dụ", "SGDDT | VP | chanhvanphong@so.example.vn | Nguyễn Văn An | head+coordinator"),
    ):
        notes.append(line)
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 22, 90
    for row in notes.iter_rows():
        row[1].alignment = Alignment(wrap_text=True, vertical="top")
    for cell in notes[1]:
        cell.font = Font(bold=True)
    book.save(path)
