"""What every page shows around its content: the menu of a person's roles, the agency, the demo mark."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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

    def covers_page(self, name: str) -> bool:
        return name == self.name or name in self.covers

    def at(self, name: str) -> Entry:
        """The entry as the page called ``name`` shows it."""
        return replace(self, url=reverse(self.name), active=self.covers_page(name))


UNIT = frozenset({Role.REPORTER, Role.HEAD})
OVERSIGHT = frozenset({Role.COORDINATOR, Role.LEADER})

PLANS = frozenset({"plan_list", "plan_detail", "unit_share"})
DOCUMENTS = frozenset({"document_list", "document_detail", "document_change", "document_attach"})
OBSTACLES = frozenset(
    {
        "obstacle_list",
        "obstacle_detail",
        "obstacle_raise",
        "obstacle_pass_on",
        "obstacle_direct",
        "direction_record",
        "direction_done",
        "obstacle_close",
        "obstacle_reopen",
    }
)

EXPLANATIONS = frozenset(
    {
        "explanation_list",
        "explanation_detail",
        "explanation_document",
        "explanation_write",
        "explanation_return",
        "explanation_take",
        "explanation_withdraw",
    }
)
EXPLAINING = frozenset(
    {"explanation_ask", "explained_save", "explanation_take_in", "explanation_finish"}
)

SCORECARDS = frozenset(
    {
        "leaf_detail",
        "scorecard_move",
        "scorecard_history",
        "adjustment_add",
        "adjustment_change",
    }
)

APPRAISAL = frozenset(
    {
        "appraisal_home",
        "appraisal_form",
        "appraisal_upload",
        "appraisal_preview",
        "publication_form",
        "publication_year_add",
        "peer_scores",
        "appraisal_compare",
        "focus_save",
    }
)

WHAT_IF = frozenset({"what_if", "what_if_compute", "scenario_save"})
SCENARIOS = frozenset(
    {
        "scenario_list",
        "scenario_detail",
        "scenario_change",
        "scenario_delete",
        "scenario_compare",
    }
)
CRITERIA = frozenset(
    {
        "criteria_list",
        "criteria_detail",
        "criteria_import",
        "criteria_copy",
        "criteria_compare",
        "criteria_map",
        "criteria_new",
        "criteria_edit",
        "criteria_take_into_use",
        "criterion_add",
        "criterion_edit",
        "criterion_remove",
    }
)

# R36a: at most five a role; everything else hangs under one of them.
MENU = (
    Entry(
        "Tổng quan",
        "layout-dashboard",
        "dashboard",
        OVERSIGHT,
        frozenset(
            {
                "report_list",
                "task_result",
                "period_list",
                "period_detail",
                "period_open",
                "reminder_list",
                "mail_detail",
                "fault_list",
            }
        )
        | DOCUMENTS
        | OBSTACLES
        | PLANS,
    ),
    Entry(
        "Việc của đơn vị",
        "checklist",
        "todo",
        UNIT,
        frozenset(
            {
                "report_form",
                "report_detail",
                "contribution_form",
                "evidence_add",
                "fault_list",
                "unit_risks",
            }
        )
        | DOCUMENTS
        | OBSTACLES
        | EXPLANATIONS
        | SCENARIOS,
    ),
    Entry(
        "Duyệt",
        "clipboard-check",
        "review_queue",
        frozenset({Role.COORDINATOR}),
        frozenset({"review_report", "report_enter", "report_form", "evidence_add"}),
    ),
    # Of those who have «Tổng quan» it hangs under it.
    Entry("Kế hoạch", "book", "plan_list", frozenset(Role) - OVERSIGHT, PLANS),
    Entry(
        "Điểm",
        "rosette",
        "scorecard_detail",
        OVERSIGHT,
        frozenset({"risk_list", "explanation_home"})
        | EXPLAINING
        | EXPLANATIONS
        | SCORECARDS
        | APPRAISAL
        | WHAT_IF
        | SCENARIOS
        | CRITERIA,
    ),
    Entry("Hồ sơ nộp", "file-spreadsheet", "export_list", OVERSIGHT, frozenset({"export_request"})),
)
# What hangs under «Tổng quan», for those who have it.
UNDER_OVERVIEW = (
    Entry("Tổng quan", "", "dashboard", OVERSIGHT),
    Entry("Danh sách báo cáo", "", "report_list", OVERSIGHT),
    Entry("Kế hoạch", "", "plan_list", OVERSIGHT, PLANS),
    Entry("Kỳ báo cáo", "", "period_list", OVERSIGHT, frozenset({"period_detail", "period_open"})),
    Entry("Vướng mắc", "", "obstacle_list", OVERSIGHT, OBSTACLES),
    Entry("Sai sót", "", "fault_list", OVERSIGHT),
    Entry("Sổ tài liệu", "", "document_list", OVERSIGHT, DOCUMENTS),
    Entry("Nhắc việc", "", "reminder_list", OVERSIGHT, frozenset({"mail_detail"})),
)
# What hangs under «Việc của đơn vị».
UNDER_TODO = (
    Entry("Việc của đơn vị", "", "todo", UNIT),
    Entry("Điểm còn giành được", "", "unit_risks", UNIT),
    # Of those who have «Điểm» it hangs under «Thử tính».
    Entry("Phương án điểm", "", "scenario_list", UNIT, SCENARIOS),
    Entry("Vướng mắc", "", "obstacle_list", UNIT, OBSTACLES),
    Entry("Giải trình", "", "explanation_list", UNIT, EXPLANATIONS),
    Entry("Sai sót", "", "fault_list", UNIT),
    Entry("Sổ tài liệu", "", "document_list", UNIT, DOCUMENTS),
)
# What hangs under «Điểm».
UNDER_SCORES = (
    Entry("Phiếu điểm", "", "scorecard_detail", OVERSIGHT),
    Entry("Điểm còn giành được", "", "risk_list", OVERSIGHT),
    Entry("Thử tính", "", "what_if", OVERSIGHT, WHAT_IF | SCENARIOS),
    Entry("Thẩm định", "", "appraisal_home", OVERSIGHT, APPRAISAL),
    Entry("Giải trình", "", "explanation_home", OVERSIGHT, EXPLANATIONS | EXPLAINING),
    Entry("Bộ tiêu chí", "", "criteria_list", OVERSIGHT, CRITERIA),
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
    user_id: str = ""  # whose copies the browser keeps: two people may share a name
    user_roles: str = ""
    unit_name: str = ""
    admin_url: str = ""
    stand_in_url: str = ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """No query of its own: the person comes with unit and agency (``accounts.backends``)."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shell": Shell()}
    agency = user.agency
    here = (request.resolver_match.url_name or "") if request.resolver_match else ""
    entries = [
        entry
        for entry in MENU
        if entry.roles & user.roles and not (entry.name == "plan_list" and user.roles & OVERSIGHT)
    ]
    if user.roles and not user.roles & OVERSIGHT:
        entries += [ADMIN_ONLY] if ADMIN_ONLY.roles & user.roles else []
    tabs: tuple[Entry, ...] = ()
    of_units: tuple[Entry, ...] = UNDER_TODO
    if user.roles & OVERSIGHT:
        of_units = tuple(entry for entry in UNDER_TODO if entry.name != "scenario_list")
    for under in (UNDER_OVERVIEW, of_units, UNDER_SCORES):
        if not tabs and user.roles & under[0].roles and any(e.covers_page(here) for e in under):
            tabs = under
    menu = [entry.at(here) for entry in entries if agency is not None]
    # A page lights the entry its tabs hang under, else the first that covers it: one is in one place at a time.
    under_one = [entry for entry in menu if tabs and entry.name == tabs[0].name]
    active = under_one or [entry for entry in menu if entry.active]
    lit = active[0] if active else None
    for entry in menu:
        entry.active = entry is lit
    return {
        "shell": Shell(
            menu=menu,
            tabs=[entry.at(here) for entry in tabs if agency is not None],
            is_demo=bool(agency and agency.is_demo),
            agency_name=agency.name if agency else "",
            user_name=user.name,
            user_id=f"u{user.pk}",
            user_roles=user.roles_text,
            stand_in_url=reverse("stand_in_list")
            if user.roles & {Role.COORDINATOR, Role.ADMINISTRATOR} or user.is_head
            else "",
            unit_name=user.unit.name if user.unit else "",
            admin_url=reverse("admin:index") if user.is_staff else "",
        )
    }
