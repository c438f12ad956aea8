"""The demo office's people: one account for each unit and role, under one published password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from accounts.models import Role, Unit, User
from accounts.views import DEMO_PASSWORD

if TYPE_CHECKING:
    from accounts.models import Agency

DOMAIN = "sgddt.example"
LEADERSHIP = ("LD", "Lãnh đạo Sở")
HEAD, REPORTER = Role.HEAD, Role.REPORTER
# In the order in which the sign-in page lists them: who shows most of the product first.
PEOPLE: tuple[tuple[str, str, str, tuple[Role, ...]], ...] = (
    ("vp.chanhvanphong", "Nguyễn Thị Minh Hạnh", "VP", (HEAD, Role.COORDINATOR)),
    ("giamdoc", "Trần Quang Vinh", "LD", (Role.LEADER,)),
    ("vp.quantri", "Lê Hoàng Nam", "VP", (Role.ADMINISTRATOR,)),
    ("tccb.truongphong", "Phạm Văn Đức", "TCCB", (HEAD,)),
    ("tccb.chuyenvien", "Vũ Thị Thu Trang", "TCCB", (REPORTER,)),
    ("phogiamdoc", "Đặng Thị Hồng Loan", "LD", (Role.LEADER,)),
    ("vp.cchc", "Bùi Anh Tuấn", "VP", (Role.COORDINATOR,)),
    ("vp.chuyenvien", "Ngô Thị Kim Oanh", "VP", (REPORTER,)),
    ("ttra.truongphong", "Hoàng Đình Phúc", "TTRA", (HEAD,)),
    ("ttra.chuyenvien", "Trịnh Thị Ngọc Ánh", "TTRA", (REPORTER,)),
    ("khtc.truongphong", "Lý Thị Bích Vân", "KHTC", (HEAD,)),
    ("khtc.chuyenvien", "Đinh Công Thành", "KHTC", (REPORTER,)),
    ("gdmn.truongphong", "Phan Thị Mỹ Dung", "GDMN", (HEAD,)),
    ("gdmn.chuyenvien", "Cao Thị Hải Yến", "GDMN", (REPORTER,)),
    ("gdth.truongphong", "Võ Minh Trí", "GDTH", (HEAD,)),
    ("gdth.chuyenvien", "Dương Thị Cẩm Tú", "GDTH", (REPORTER,)),
    ("gdtrh.truongphong", "Huỳnh Quốc Bảo", "GDTrH", (HEAD,)),
    ("gdtrh.chuyenvien", "Mai Thị Phương Thảo", "GDTrH", (REPORTER,)),
    ("gdtx.truongphong", "Tạ Văn Sơn", "GDTX", (HEAD,)),
    ("gdtx.chuyenvien", "Lương Thị Thanh Thủy", "GDTX", (REPORTER,)),
    ("qlcl.truongphong", "Đoàn Ngọc Hải", "QLCL", (HEAD,)),
    ("qlcl.chuyenvien", "Nguyễn Trung Kiên", "QLCL", (REPORTER,)),
    ("cttt.truongphong", "Hồ Thị Ngọc Diệp", "CTTT", (HEAD,)),
    ("cttt.chuyenvien", "Chu Đức Mạnh", "CTTT", (REPORTER,)),
    ("dvtt1.thutruong", "Trương Thị Lệ Hằng", "DVTT1", (HEAD,)),
    ("dvtt2.thutruong", "Kiều Văn Thắng", "DVTT2", (HEAD,)),
)
IN_CHARGE_OF = ("TCCB", "KHTC", "GDTrH", "GDTX", "CTTT")  # the deputy director's units (R1)


class Staff:
    """Who is who, for the steps of the season."""

    def __init__(self, agency: Agency) -> None:
        units = {unit.code: unit for unit in agency.units.all()}
        last = max(unit.order for unit in units.values())
        code, name = LEADERSHIP
        units[code] = Unit.objects.create(
            agency=agency, code=code, name=name, kind=Unit.Kind.LEADERSHIP, order=last + 1
        )
        secret = make_password(DEMO_PASSWORD)  # once: hashing is slow on purpose
        people = []
        for address, name, unit, roles in PEOPLE:
            person = User(email=f"{address}@{DOMAIN}", name=name, unit=units[unit], password=secret)
            person.roles = frozenset(roles)
            person.save()
            people.append(person)
        self.units = units
        self._by_address = dict(zip((p[0] for p in PEOPLE), people, strict=True))
        self.heads = {p.unit.code: p for p in people if p.unit and p.is_head}
        self.reporters = {p.unit.code: p for p in people if p.unit and p.is_reporter}
        deputy = self._by_address["phogiamdoc"]
        Unit.objects.filter(agency=agency, code__in=IN_CHARGE_OF).update(deputy_director=deputy)

    @property
    def office(self) -> User:
        """Chánh Văn phòng, head and coordinator."""
        return self._by_address["vp.chanhvanphong"]

    @property
    def coordinator(self) -> User:
        return self._by_address["vp.cchc"]

    @property
    def director(self) -> User:
        return self._by_address["giamdoc"]

    @property
    def count(self) -> int:
        return len(self._by_address)
