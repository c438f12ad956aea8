"""What every page shows around its content: the menu of a person's roles, the agency, the demo mark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from accounts.models import Role

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass
class Entry:
    """One entry of the menu. ``covers`` are the URL names it is lit for."""

    label: str
    icon: str
    name: str
    roles: frozenset[Role]
    covers: frozenset[str] = frozenset()
    url: str = ""
    active: bool = False
    count: int | None = None


UNIT = frozenset({Role.REPORTER, Role.HEAD})
OVERSIGHT = frozenset({Role.COORDINATOR, Role.LEADER})

# R36a: at most five a role; everything else hangs under one of them.
MENU = (
    Entry(
        "Tổng quan",
        "layout-dashboard",
        "dashboard",
        OVERSIGHT,
        frozenset({"reminder_list", "mail_detail", "period_detail"}),
    ),
    Entry(
        "Việc của đơn vị", "checklist", "todo", UNIT, frozenset({"report_form", "report_submit"})
    ),
    Entry(
        "Duyệt",
        "clipboard-check",
        "review_queue",
        frozenset({Role.COORDINATOR}),
        frozenset({"review_report"}),
    ),
    Entry(
        "Kế hoạch", "book", "plan_list", frozenset(Role), frozenset({"plan_detail", "unit_share"})
    ),
    Entry("Hồ sơ nộp", "file-spreadsheet", "export_list", OVERSIGHT, frozenset({"export_request"})),
)
ADMIN_ONLY = Entry(
    "Nhắc việc",
    "mail",
    "reminder_list",
    frozenset({Role.ADMINISTRATOR}),
    frozenset({"mail_detail"}),
)


@dataclass
class Shell:
    menu: list[Entry] = field(default_factory=list)
    tabs: list[Entry] = field(default_factory=list)
    is_demo: bool = False
    agency_name: str = ""
    user_name: str = ""
    user_roles: str = ""
    unit_name: str = ""
    admin_url: str = ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """No query of its own: the person comes with unit and agency (``accounts.backends``)."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shell": Shell()}
    agency = user.agency
    here = request.resolver_match.url_name if request.resolver_match else ""
    entries = [entry for entry in MENU if entry.roles & user.roles]
    if user.roles and not user.roles & OVERSIGHT:
        entries += [ADMIN_ONLY] if ADMIN_ONLY.roles & user.roles else []
    return {
        "shell": Shell(
            menu=[
                Entry(
                    entry.label,
                    entry.icon,
                    entry.name,
                    entry.roles,
                    entry.covers,
                    reverse(entry.name),
                    here == entry.name or here in entry.covers,
                )
                for entry in entries
                if agency is not None
            ],
            is_demo=bool(agency and agency.is_demo),
            agency_name=agency.name if agency else "",
            user_name=user.name,
            user_roles=user.roles_text,
            unit_name=user.unit.name if user.unit else "",
            admin_url=reverse("admin:index") if user.is_staff else "",
        )
    }
