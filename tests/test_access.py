"""Every address × every person of the cast (R3, STYLE 3). The one place that says who gets what.

To add a page: one row in ``ROWS``, ``("GET name", object, "nine answers")``.

- ``object``: a name of :data:`OBJECTS`, from whose arguments the address is made ("" without any). An
  object belongs to the cast's own agency, so the strangers' two columns read 404 for it.
- The nine answers are in the order of :data:`COLUMNS`; below, the superuser gets 403 and who is not
  signed in is sent to the sign-in page. An address for everybody stands in ``PUBLIC`` instead.
- A row for each method: ``POST name`` with what it posts as a fourth part. What a POST changes is taken
  back after each person.
- A method that no row names must answer 405.
"""

import datetime as dt

import pytest
import time_machine
from cast import PEOPLE, TODAY, Cast
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from accounts.history import Actor, record
from tasks.models import Answer, Evidence, Report, StoredFile, Transition

COLUMNS = (
    "office", "head", "officer", "other_head", "outside_head", "leader", "administrator",
    "stranger_office", "stranger_head",
)  # fmt: skip
OBJECTS = {
    "": lambda c: [],
    "plan": lambda c: [c.plan.pk],
    "period": lambda c: [c.period.pk],
    "share": lambda c: [c.plan.pk, c.units["TCCB"].pk],
    "not started": lambda c: [c.reports["not_started"].pk],
    "draft": lambda c: [c.report.pk],
    "sent": lambda c: [c.reports["submitted"].pk],
    "returned": lambda c: [c.reports["returned"].pk],
    "accepted": lambda c: [c.reports["accepted"].pk],
    "evidence": lambda c: [c.report.pk, c.evidence.pk],
    "document": lambda c: [c.evidence.document_id],
    "document file": lambda c: [c.evidence.document_id, c.file.pk],
    "file": lambda c: [c.file.pk],
    "task": lambda c: [c.period.pk, c.tasks["submitted"].pk],
    "coordinated": lambda c: [c.period.pk, c.coordinated.pk],
    "mail": lambda c: [c.mail.pk],
    "stand in": lambda c: [c.stand_in.pk],
    "raised": lambda c: [c.obstacles["raised"].pk],
    "passed on": lambda c: [c.obstacles["passed_on"].pk],
    "answered": lambda c: [c.obstacles["answered"].pk],
    "closed": lambda c: [c.obstacles["closed"].pk],
    "direction": lambda c: [c.direction.obstacle_id, c.direction.pk],
    "asked": lambda c: [c.explanations["asked"].pk],
    "explained": lambda c: [c.explanations["answered"].pk],
    "explanation proof": lambda c: [c.explanations["asked"].pk, c.proof.pk],
    "appraised card": lambda c: [c.appraised_card.pk],
    "appraised leaf": lambda c: [c.appraised_card.pk, c.leaf.pk],
    "appraised answer": lambda c: [c.appraised_card.pk, c.explanations["answered"].pk],
    "peer": lambda c: [c.peer.pk],
    "export": lambda c: [c.export.pk],
    "scenario": lambda c: [c.scenario.pk],
    "draft card": lambda c: [c.draft_card.pk],
    "approval": lambda c: [c.draft_card.pk, "duyet"],
    "sending": lambda c: [c.draft_card.pk, "gui"],
    "adjustment": lambda c: [c.draft_card.pk, c.adjustment.pk],
    "criterion": lambda c: [c.appraised_card.pk, c.leaf.code],
    "draft set": lambda c: [c.draft_set.pk],
    "set file": lambda c: [c.draft_set.pk, "xlsx"],
    "draft line": lambda c: [c.draft_set.pk, c.draft_line.pk],
}
TEXT = {"text": "Đã làm", "version": "0"}
WHY = {"reason": "Thiếu văn bản"}
BASIS = {"kind": "zalo", "basis": "Ông An báo", "basis_date": "12/11/2019"}
WHOLE = {"whole": "1"}  # the last field of a form with files

#                                     office head offic other outsd leadr admin | strangers: office head
ROWS = [
    ("GET home", "",                  "302  302  302  302  302  302  302  302  302"),
    # -- the plan
    ("GET plan_list", "",             "302  302  302  302  302  302  302  302  302"),
    ("GET plan_detail", "plan",       "200  200  200  200  200  200  200  404  404"),
    ("GET unit_share", "share",       "200  200  200  403  403  200  200  404  404"),
    # -- a unit's work
    ("GET todo", "",                  "403  200  200  200  200  403  403  403  200"),
    ("GET sheet_upload", "period",    "403  200  200  200  200  403  403  404  404"),
    ("POST sheet_upload", "period",   "403  422  422  422  422  403  403  404  404", WHOLE),
    ("GET sheet_download", "period",  "403  200  200  200  200  403  403  404  404"),
    ("GET sheet_preview", "period",   "403  302  302  302  302  403  403  404  404"),
    ("POST sheet_preview", "period",  "403  302  302  302  302  403  403  404  404", {}),
    ("GET todo_submit_all", "period", "403  200  403  200  200  403  403  404  404"),
    ("POST todo_submit_all", "period", "403  302  403  302  302  403  403  404  404", {}),
    ("GET contribution_form", "coordinated", "403  403  403  200  403  403  403  404  404"),
    ("POST contribution_form", "coordinated", "403  403  403  302  403  403  403  404  404", TEXT),
    ("POST contribution_nothing", "period", "403  302  302  302  302  403  403  404  404", {}),
    ("GET report_detail", "draft",    "403  200  200  403  403  403  403  404  404"),
    ("GET report_detail", "sent",     "200  200  200  200  403  200  403  404  404"),
    ("GET report_detail", "returned", "200  200  200  200  403  200  403  404  404"),
    ("GET report_detail", "accepted", "200  200  200  200  403  200  403  404  404"),
    ("GET version_compare", "draft",  "403  200  200  403  403  403  403  404  404"),
    ("GET version_compare", "sent",   "200  200  200  200  403  200  403  404  404"),
    ("GET report_form", "draft",      "403  200  200  403  403  403  403  404  404"),
    ("POST report_form", "draft",     "403  302  302  403  403  403  403  404  404", TEXT),
    ("POST report_form", "sent",      "403  403  403  403  403  403  403  404  404", TEXT),
    ("POST report_autosave", "draft", "403  200  200  403  403  403  403  404  404", TEXT),
    ("POST report_autosave", "sent",  "403  403  403  403  403  403  403  404  404", TEXT),
    ("POST report_hand_back", "draft", "403  302  403  403  403  403  403  404  404", WHY),
    ("GET evidence_add", "draft",     "403  200  200  403  403  403  403  404  404"),
    ("POST evidence_add", "draft",    "403  302  302  403  403  403  403  404  404", WHOLE | {"number": "9/BC"}),
    ("POST evidence_add", "sent",     "403  403  403  403  403  403  403  404  404", WHOLE | {"number": "9/BC"}),
    ("GET evidence_search", "draft",  "403  302  302  403  403  403  403  404  404"),
    ("POST evidence_remove", "evidence", "403  302  302  403  403  403  403  404  404", {}),
    ("GET file_download", "file",     "403  200  200  403  403  403  403  404  404"),
    # -- the register of documents
    ("GET document_list", "",         "200  200  200  200  200  200  403  200  200"),
    ("GET document_detail", "document", "403  200  200  403  403  403  403  404  404"),
    ("GET document_change", "document", "403  200  200  403  403  403  403  404  404"),
    ("POST document_change", "document", "403  302  302  403  403  403  403  404  404", {"number": "9/BC"}),
    ("GET document_attach", "document", "403  200  200  403  403  403  403  404  404"),
    ("POST document_attach", "document", "403  422  422  403  403  403  403  404  404", {}),
    ("POST document_detach", "document file", "403  302  302  403  403  403  403  404  404", {}),
    ("POST document_merge", "document", "403  403  403  403  403  403  403  404  403", {"other": "1"}),
    ("GET fault_list", "",            "200  200  200  200  200  200  403  200  200"),
    # -- one's own calendar
    ("GET calendar_address", "",      "200  200  200  200  200  200  200  200  200"),
    ("POST calendar_address", "",     "302  302  302  302  302  302  302  302  302", {}),
    # -- review
    ("GET review_queue", "",          "200  403  403  403  403  403  403  200  403"),
    ("GET review_report", "draft",    "200  403  403  403  403  403  403  404  403"),
    ("GET review_report", "sent",     "200  403  403  403  403  403  403  404  403"),
    ("POST report_accept", "",        "302  403  403  403  403  403  403  404  403", "sent"),
    ("POST report_return", "sent",    "302  403  403  403  403  403  403  404  403", WHY),
    ("POST report_return", "draft",   "403  403  403  403  403  403  403  404  403", WHY),
    ("POST report_reopen", "accepted", "302  403  403  403  403  403  403  404  403", WHY | {"until": "25/12/2019"}),
    ("POST report_release", "draft",  "302  403  403  403  403  403  403  404  403", WHY | {"then": "release"}),
    ("POST figure_correct", "sent",   "422  403  403  403  403  403  403  404  403", "figure"),
    ("POST figure_correct", "draft",  "403  403  403  403  403  403  403  404  403", "figure"),
    # -- the office enters for a unit; the draft has something of the unit's in it
    ("GET report_enter", "not started", "200  403  403  403  403  403  403  404  403"),
    ("GET report_enter", "draft",     "200  403  403  403  403  403  403  404  403"),
    ("GET report_enter", "returned",  "200  403  403  403  403  403  403  404  403"),
    ("GET report_enter", "sent",      "403  403  403  403  403  403  403  404  403"),
    ("POST report_enter", "not started", "302  403  403  403  403  403  403  404  403", BASIS),
    ("POST report_enter", "draft",    "422  403  403  403  403  403  403  404  403", BASIS),
    ("POST report_enter", "sent",     "403  403  403  403  403  403  403  404  403", BASIS),
    ("POST report_enter_stop", "not started", "302  403  403  403  403  403  403  404  403", {}),
    ("POST report_take_over", "draft", "403  302  302  403  403  403  403  404  404", {}),
    ("POST report_object", "sent",    "403  422  422  403  403  403  403  404  404", TEXT),
    ("POST objection_answer", "sent", "302  403  403  403  403  403  403  404  403", {"answer": "Đã rõ"}),
    # -- obstacles; the direction's owner is KHTC
    ("GET obstacle_list", "",         "200  200  200  200  200  200  403  200  200"),
    ("GET obstacle_raise", "",        "403  200  200  200  200  403  403  403  200"),
    ("POST obstacle_raise", "",       "403  302  302  302  302  403  403  403  302", {"text": "Thiếu người"}),
    ("GET obstacle_detail", "raised", "200  200  200  403  403  403  403  404  404"),
    ("GET obstacle_detail", "passed on", "200  200  200  403  403  200  403  404  404"),
    ("GET obstacle_detail", "answered", "200  200  200  200  403  200  403  404  404"),
    ("POST obstacle_pass_on", "raised", "302  403  403  403  403  403  403  404  403", {}),
    ("POST obstacle_direct", "passed on", "403  403  403  403  403  422  403  403  403", {}),
    ("POST direction_record", "raised", "422  403  403  403  403  403  403  404  403", {}),
    ("POST direction_done", "direction", "302  403  403  302  403  403  403  404  404", {"note": "Đã xong"}),
    ("POST obstacle_close", "raised", "302  403  403  403  403  403  403  404  403", WHY | {"outcome": "Đã xong"}),
    ("POST obstacle_close", "passed on", "302  403  403  403  403  302  403  404  403", WHY | {"outcome": "Đã xong"}),
    ("POST obstacle_reopen", "closed", "302  403  403  403  403  302  403  404  403", WHY),
    # -- explanations, of TCCB
    ("GET explanation_list", "",      "200  200  200  200  200  200  403  200  200"),
    ("GET explanation_detail", "asked", "200  200  200  403  403  200  403  404  404"),
    ("GET explanation_detail", "explained", "200  200  200  403  403  200  403  404  404"),
    ("POST explanation_write", "asked", "403  302  302  403  403  403  403  404  404", {"answer": "Đã làm", "version": "0"}),
    ("POST explanation_write", "asked", "403  302  403  403  403  403  403  404  404", {"answer": "Đã làm", "version": "0", "then": "send"}),
    ("POST explanation_write", "explained", "403  403  403  403  403  403  403  404  404", {"answer": "Khác", "version": "0"}),
    ("GET explanation_document", "asked", "403  200  200  403  403  403  403  404  404"),
    ("POST explanation_document", "asked", "403  302  302  403  403  403  403  404  404", WHOLE | {"number": "9/BC"}),
    ("POST explanation_document", "explained", "403  403  403  403  403  403  403  404  404", WHOLE | {"number": "9/BC"}),
    ("GET explanation_document_search", "asked", "403  302  302  403  403  403  403  404  404"),
    ("POST explanation_document_remove", "explanation proof", "403  302  302  403  403  403  403  404  404", {}),
    ("POST explanation_return", "explained", "302  403  403  403  403  403  403  404  403", WHY),
    ("POST explanation_return", "asked", "422  403  403  403  403  403  403  404  403", WHY),
    ("POST explanation_take", "explained", "302  403  403  403  403  403  403  404  403", {}),
    ("POST explanation_withdraw", "asked", "302  403  403  403  403  403  403  404  403", WHY),
    # -- the office's pages
    ("GET dashboard", "",             "200  403  403  403  403  200  403  200  403"),
    ("GET report_list", "",           "200  403  403  403  403  200  403  200  403"),
    ("GET task_result", "task",       "200  200  200  200  403  200  403  404  404"),
    ("POST task_result_save", "task", "302  403  403  403  403  403  403  404  404", TEXT),
    ("POST task_result_save", "coordinated", "302  302  302  403  403  403  403  404  404", TEXT),
    ("POST task_result_approve", "task", "302  403  403  403  403  403  403  404  404", TEXT),
    ("POST task_result_reopen", "task", "422  403  403  403  403  403  403  404  404", WHY),
    ("GET period_list", "",           "200  403  403  403  403  200  403  200  403"),
    ("GET period_detail", "period",   "200  403  403  403  403  200  403  404  403"),
    ("GET period_open", "plan",       "200  403  403  403  403  403  403  404  404"),
    ("POST period_open", "plan",      "422  403  403  403  403  403  403  404  404", {"year": "2019", "kind": "final"}),
    ("POST period_update", "period",  "302  403  403  403  403  403  403  404  404", {}),
    ("POST period_close", "period",   "302  403  403  403  403  403  403  404  404", WHY),
    ("POST period_reopen", "period",  "422  403  403  403  403  403  403  404  404", WHY | {"closes_on": "31/12/2019"}),
    ("GET stand_in_list", "",         "200  200  403  200  200  403  200  200  200"),
    ("POST stand_in_list", "",        "422  422  403  422  422  403  422  422  422", {}),
    ("POST stand_in_end", "stand in", "302  302  403  403  403  403  302  404  404", {}),
    ("GET history_list", "",          "200  200  200  200  200  200  200  200  200"),
    ("GET history_export", "",        "200  200  200  200  200  200  200  200  200"),
    # -- reminders
    ("GET reminder_list", "",         "200  403  403  403  403  200  200  200  403"),
    ("GET mail_detail", "mail",       "200  403  403  403  403  200  200  404  404"),
    ("POST mail_retry", "mail",       "302  403  403  403  403  403  302  404  404", {}),
    # -- points
    ("GET scorecard_detail", "",      "200  403  403  403  403  200  403  200  403"),
    ("POST scorecard_begin", "",      "404  403  403  403  403  403  403  404  403", {}),
    ("GET scorecard_move", "approval", "200  403  403  403  403  200  403  404  404"),
    ("POST scorecard_move", "approval", "422  403  403  403  403  422  403  404  404", {}),
    ("GET scorecard_move", "sending", "302  403  403  403  403  403  403  404  404"),
    ("POST scorecard_move", "sending", "422  403  403  403  403  403  403  404  404", {}),
    ("POST scorecard_offer", "draft card", "422  403  403  403  403  403  403  404  404", {}),
    ("POST leaves_explain", "draft card", "302  403  403  403  403  403  403  404  404", {}),
    ("GET scorecard_history", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("GET leaf_detail", "criterion",  "200  403  403  403  403  200  403  404  404"),
    ("POST leaf_detail", "criterion", "422  403  403  403  403  403  403  404  404", {"do": "explain"}),
    ("GET adjustment_add", "draft card", "200  403  403  403  403  403  403  404  404"),
    ("POST adjustment_add", "draft card", "422  403  403  403  403  403  403  404  404", {}),
    ("GET adjustment_change", "adjustment", "200  403  403  403  403  403  403  404  404"),
    ("POST adjustment_change", "adjustment", "302  403  403  403  403  403  403  404  404", {"do": "remove"}),
    ("GET what_if", "",               "200  403  403  403  403  200  403  200  403"),
    ("POST what_if_compute", "",      "200  403  403  403  403  200  403  200  403", {}),
    ("POST scenario_save", "",        "302  403  403  403  403  302  403  302  403", {"dat": "1.2.1", "ten": "Thử"}),
    ("GET scenario_list", "",         "200  200  200  200  200  200  403  200  200"),
    ("GET scenario_compare", "",      "200  403  403  403  403  200  403  200  403"),
    ("GET scenario_detail", "scenario", "200  200  200  200  200  200  403  404  404"),
    ("POST scenario_change", "scenario", "302  403  403  403  403  403  403  404  404", {"ten": "Tên mới"}),
    ("POST scenario_delete", "scenario", "302  403  403  403  403  403  403  404  404", {}),
    ("GET risk_list", "",             "200  403  403  403  403  200  403  200  403"),
    ("GET unit_risks", "",            "403  200  200  200  200  403  403  403  200"),
    ("GET explanation_home", "",      "302  403  403  403  403  302  403  302  403"),
    ("GET explanation_ask", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("POST explanation_ask", "appraised card", "422  403  403  403  403  403  403  404  404", {}),
    ("POST explained_save", "appraised leaf", "302  403  403  403  403  403  403  404  404", {"explained": "Đã làm"}),
    ("POST explanation_take_in", "appraised answer", "302  403  403  403  403  403  403  404  404", {}),
    ("POST explanation_finish", "appraised card", "422  403  403  403  403  403  403  404  404", {}),
    # -- the appraisal and what was published
    ("GET appraisal_home", "",        "200  403  403  403  403  200  403  200  403"),
    ("GET appraisal_form", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("POST appraisal_form", "appraised card", "302  403  403  403  403  403  403  404  404", {"lan": "2"}),
    ("GET appraisal_sheet", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("GET appraisal_upload", "appraised card", "200  403  403  403  403  403  403  404  404"),
    ("POST appraisal_upload", "appraised card", "422  403  403  403  403  403  403  404  404", WHOLE),
    ("GET appraisal_preview", "appraised card", "302  403  403  403  403  403  403  404  404"),
    ("POST appraisal_preview", "appraised card", "302  403  403  403  403  403  403  404  404", {}),
    ("GET publication_form", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("POST publication_form", "appraised card", "422  403  403  403  403  403  403  404  404", {}),
    ("GET publication_year_add", "",  "200  403  403  403  403  403  403  200  403"),
    ("POST publication_year_add", "", "422  403  403  403  403  403  403  422  403", {}),
    ("GET peer_scores", "",           "200  403  403  403  403  200  403  200  403"),
    ("POST peer_scores", "",          "422  403  403  403  403  403  403  422  403", WHOLE),
    ("POST peer_remove", "peer",      "302  403  403  403  403  403  403  404  404", {}),
    ("GET appraisal_compare", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("GET compare_sheet", "appraised card", "200  403  403  403  403  200  403  404  404"),
    ("POST focus_save", "appraised card", "302  403  403  403  403  403  403  404  404", {}),
    # -- sets of criteria
    ("GET criteria_list", "",         "200  403  403  403  403  200  403  200  403"),
    ("POST criteria_import", "",      "422  403  403  403  403  403  403  422  403", WHOLE),
    ("GET criteria_template", "",     "200  403  403  403  403  200  403  200  403"),
    ("GET criteria_compare", "",      "200  403  403  403  403  200  403  200  403"),
    ("GET criteria_detail", "draft set", "200  403  403  403  403  200  403  404  404"),
    ("GET criteria_download", "set file", "200  403  403  403  403  200  403  404  404"),
    ("GET criteria_copy", "draft set", "200  403  403  403  403  403  403  404  404"),
    ("POST criteria_copy", "draft set", "422  403  403  403  403  403  403  404  404", {}),
    ("GET criteria_map", "draft set", "200  403  403  403  403  403  403  404  404"),
    ("POST criteria_map", "draft set", "302  403  403  403  403  403  403  404  404", {}),
    # -- a set of criteria is written
    ("GET criteria_new", "",          "200  403  403  403  403  403  403  200  403"),
    ("POST criteria_new", "",         "422  403  403  403  403  403  403  422  403", {}),
    ("GET criteria_edit", "draft set", "200  403  403  403  403  403  403  404  404"),
    ("POST criteria_edit", "draft set", "422  403  403  403  403  403  403  404  404", {}),
    ("POST criteria_take_into_use", "draft set", "302  403  403  403  403  403  403  404  404", {}),
    ("POST criteria_reopen", "draft set", "302  403  403  403  403  403  403  404  404", {}),
    ("GET criterion_add", "draft set", "200  403  403  403  403  403  403  404  404"),
    ("POST criterion_add", "draft set", "422  403  403  403  403  403  403  404  404", {}),
    ("GET criterion_edit", "draft line", "200  403  403  403  403  403  403  404  404"),
    ("POST criterion_edit", "draft line", "422  403  403  403  403  403  403  404  404", {"code": ""}),
    ("POST criterion_move", "draft line", "302  403  403  403  403  403  403  404  404", {}),
    ("GET criterion_remove", "draft line", "200  403  403  403  403  403  403  404  404"),
    ("POST criterion_remove", "draft line", "302  403  403  403  403  403  403  404  404", {}),
    # -- what goes out
    ("GET export_list", "",           "200  403  403  403  403  200  403  200  403"),
    ("POST export_request", "",       "302  403  403  403  403  403  403  404  404", "period"),
    ("GET export_progress", "export", "302  403  403  403  403  302  403  404  404"),
    ("GET export_download", "export", "200  403  403  403  403  200  403  404  404"),
]  # fmt: skip

# For everybody, with what who is not signed in gets and what a person who is: the same for each.
PUBLIC = [
    ("GET healthz", [], 200, 200),
    ("GET sign_in", [], 200, 302),
    ("POST sign_in", [], 200, 302),
    ("POST sign_out", [], 302, 302),
    ("GET password_change", [], 302, 200),
    ("POST password_change", [], 302, 200),
    ("GET password_change_done", [], 302, 200),
    ("GET password_reset", [], 200, 200),
    ("POST password_reset", [], 200, 200),
    ("GET password_reset_done", [], 200, 200),
    ("GET password_reset_confirm", ["x", "y"], 200, 200),
    ("POST password_reset_confirm", ["x", "y"], 200, 200),
    ("GET password_reset_complete", [], 200, 200),
    # A calendar cannot sign in: the address is the key, and any other is none.
    ("GET calendar_feed", ["khong-co"], 404, 404),
]
# The admin site's own addresses, for each model it lists: only for these two of the cast.
ADMINS = frozenset({"administrator", "superuser"})


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def cast(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Cast()


def ask(cast, name, method, address, data=None):
    """The status one person gets, "in" where they are sent to sign in. What it changed is taken back."""
    client = Client(raise_request_exception=False)
    cast.sign_in(client, name)
    with transaction.atomic():
        point = transaction.savepoint()
        page = client.get(address) if method == "GET" else client.post(address, data)
        transaction.savepoint_rollback(point)
    if page.status_code == 302 and page.url.startswith(reverse("sign_in")):
        return "in"
    return page.status_code


def named(row):
    return f"{row[0]} {row[1]}".strip() if isinstance(row[1], str) else row[0]


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_who_gets_what(cast, row):
    (method, name), thing, answers, *data = row[0].split(), *row[1:]
    data = data[0] if data else {}
    if data == "sent":
        data = {"bao-cao": cast.reports["submitted"].pk}
    elif data == "figure":
        data = WHY | {"indicator": cast.indicators["submitted"].pk}
    elif data == "period":
        data = {"ky": cast.period.pk}
    expected = dict(zip(COLUMNS, map(int, answers.split()), strict=True))
    expected |= {"superuser": 403, "anonymous": "in"}
    assert set(expected) == set(PEOPLE)
    address = reverse(name, args=OBJECTS[thing](cast))
    found = {person: ask(cast, person, method, address, data) for person in PEOPLE}
    assert found == expected


@pytest.mark.parametrize("row", PUBLIC, ids=named)
def test_who_gets_what_of_the_public_pages(cast, row):
    (method, name), args, out, signed_in = row[0].split(), *row[1:]
    address = reverse(name, args=args)
    for person in PEOPLE:
        found = ask(cast, person, method, address, {})
        expected = out if person == "anonymous" else signed_in
        assert (302 if found == "in" else found) == expected, person


def own_names(resolver=None):
    """The names of all addresses outside the admin site."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from own_names(pattern)
        else:
            yield pattern.name


def test_every_address_is_in_the_table():
    known = {row[0].split()[1] for row in (*ROWS, *PUBLIC)}
    names = list(own_names())
    assert None not in names, "an address without a name"
    lacking = sorted(set(names) - known)
    assert not lacking, (
        "Say in tests/test_access.py who gets what: add to ROWS, one row for each method,\n"
        + "\n".join(
            f'    ("GET {name}", "",  "office head officer other_head outside_head leader '
            f'administrator stranger_office stranger_head"),'
            for name in lacking
        )
    )
    gone = sorted(known - set(names))
    assert not gone, f"Take these rows out of tests/test_access.py: {gone}"


def test_every_address_takes_the_methods_it_says_and_no_other(cast):
    """GET never writes, and a view says which methods it takes (STYLE 15)."""
    methods, args = {}, {}
    for row in (*ROWS, *PUBLIC):
        method, name = row[0].split()
        methods.setdefault(name, set()).add(method)
        args[name] = OBJECTS[row[1]](cast) if isinstance(row[1], str) else row[1]
    client = Client(raise_request_exception=False)
    cast.sign_in(client, "office")
    django_own = {row[0].split()[1] for row in PUBLIC}
    wrong = []
    for name, taken in methods.items():
        others = (
            {"GET", "POST"} if name in django_own else {"GET", "POST", "PUT", "DELETE", "PATCH"}
        )
        for method in others - taken:
            with transaction.atomic():
                point = transaction.savepoint()
                status = client.generic(method, reverse(name, args=args[name])).status_code
                transaction.savepoint_rollback(point)
            if status != 405:
                wrong.append(f"{method} {name}: {status}")
    assert not wrong


# -- The admin site -----------------------------------------------------------------------------


def test_the_admin_site_is_for_administrators(cast):
    addresses = [reverse("admin:index")]
    for model in admin.site._registry:
        info = model._meta.app_label, model._meta.model_name
        addresses.append(reverse("admin:{}_{}_changelist".format(*info)))
    assert len(addresses) > 8
    for address in addresses:
        for person in PEOPLE:
            page = cast.sign_in(Client(), person).get(address, follow=True)
            if person == "anonymous":
                assert page.request["PATH_INFO"] == reverse("sign_in"), address
            else:
                expected = 200 if person in ADMINS else 403
                assert page.status_code == expected, (address, person)


def test_the_admin_site_shows_an_administrator_nothing_of_another_agency(cast):
    client = cast.sign_in(Client(), "administrator")
    for model in admin.site._registry:
        info = model._meta.app_label, model._meta.model_name
        for row in model._base_manager.all():
            page = client.get(reverse("admin:{}_{}_change".format(*info), args=[row.pk]))
            text = page.content.decode()
            assert "snv.vn" not in text.casefold(), (model, row)
            assert "Sở SNV" not in text, (model, row)


# -- What a unit writes is its own --------------------------------------------------------------


@pytest.fixture
def secretive(cast):
    """After the return of its report TCCB writes on; all of it is a draft again, in five places."""
    report = cast.reports["returned"]
    secret = "BÍ MẬT"
    Report.objects.filter(pk=report.pk).update(
        text=secret, difficulties=secret, unread={"a1-amount": secret}, version=9
    )
    Answer.objects.filter(report=report).update(amount=31415, reason=secret)
    Transition.objects.create(
        report=report, action="hand_back", from_state="returned", to_state="returned",
        reason=secret, actor_name="Người head", at=TODAY,
    )  # fmt: skip
    record(
        by=Actor.of(cast.people["officer"]), agency=cast.agency, action="Sửa báo cáo", of=report,
        changes={"text": ["Đã làm returned", secret]},
    )  # fmt: skip
    document = cast.evidence.document
    type(document).objects.filter(pk=document.pk).update(number=secret, subject=secret)
    StoredFile.objects.filter(pk=cast.file.pk).update(name=f"{secret}.pdf")
    Evidence.objects.filter(pk=cast.evidence.pk).update(
        report=report, section=secret, added_at=TODAY + dt.timedelta(minutes=1)
    )
    type(document).objects.filter(pk=document.pk).update(created_at=TODAY + dt.timedelta(minutes=1))
    return secret


def test_no_page_of_anybody_else_shows_what_a_unit_writes_after_a_return(cast, secretive):
    leaks = set()
    seen_by_its_unit = False
    for row in ROWS:
        method, name = row[0].split()
        if method != "GET":
            continue
        things = {"draft", "returned"} if row[1] in {"draft", "returned"} else {row[1]}
        for thing in things:
            address = reverse(name, args=OBJECTS[thing](cast))
            for person in PEOPLE:
                page = cast.sign_in(Client(), person).get(address)
                content = b"".join(page) if page.streaming else page.content
                text = content.decode(errors="replace")
                if secretive in text or "31.415" in text:
                    if person in {"head", "officer"}:
                        seen_by_its_unit = True
                    else:
                        leaks.add((name, thing, person))
    assert not leaks
    assert seen_by_its_unit  # or the test looks at nothing
