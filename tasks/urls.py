from django.urls import path

from tasks import (
    evidence_views,
    period_views,
    reminder_views,
    report_views,
    review_views,
    todo_views,
)

urlpatterns = [
    path("viec/", todo_views.todo, name="todo"),
    path("bao-cao/", report_views.report_list, name="report_list"),
    path("bao-cao/<int:pk>/", report_views.report_detail, name="report_detail"),
    path("bao-cao/<int:pk>/soan/", report_views.report_form, name="report_form"),
    path("bao-cao/<int:pk>/luu/", report_views.report_autosave, name="report_autosave"),
    path("bao-cao/<int:pk>/chuyen-lai/", report_views.report_hand_back, name="report_hand_back"),
    path("bao-cao/<int:pk>/tai-lieu/", evidence_views.evidence_add, name="evidence_add"),
    path(
        "bao-cao/<int:pk>/tai-lieu/<int:evidence_pk>/xoa/",
        evidence_views.evidence_remove,
        name="evidence_remove",
    ),
    path("tai-lieu/tep/<int:pk>/", evidence_views.file_download, name="file_download"),
    path("duyet/", review_views.review_queue, name="review_queue"),
    path("duyet/duyet/", review_views.report_accept, name="report_accept"),
    path("duyet/<int:pk>/", review_views.review_report, name="review_report"),
    path("duyet/<int:pk>/tra-lai/", review_views.report_return, name="report_return"),
    path("duyet/<int:pk>/mo-lai/", review_views.report_reopen, name="report_reopen"),
    path("duyet/<int:pk>/mien/", review_views.report_release, name="report_release"),
    path("ky/<int:pk>/", period_views.period_detail, name="period_detail"),
    path("ky/<int:pk>/cap-nhat/", period_views.period_update, name="period_update"),
    path("ky/<int:pk>/khoa/", period_views.period_close, name="period_close"),
    path("ky/<int:pk>/mo-lai/", period_views.period_reopen, name="period_reopen"),
    path("nhac-viec/", reminder_views.reminder_list, name="reminder_list"),
    path("nhac-viec/thu/<int:pk>/", reminder_views.mail_detail, name="mail_detail"),
    path("nhac-viec/thu/<int:pk>/gui-lai/", reminder_views.mail_retry, name="mail_retry"),
]
