"""Addresses below «/diem/» of the appraisal, the publication and what follows from them (R27, R31)."""

from django.urls import path

from scoring import (
    appraisal_sheet_views,
    appraisal_views,
    compare_views,
    publication_views,
)

urlpatterns = [
    path("tham-dinh/", appraisal_views.appraisal_home, name="appraisal_home"),
    path("<int:pk>/tham-dinh/", appraisal_views.appraisal_form, name="appraisal_form"),
    path(
        "<int:pk>/tham-dinh/bang-tinh/",
        appraisal_sheet_views.appraisal_sheet,
        name="appraisal_sheet",
    ),
    path(
        "<int:pk>/tham-dinh/nap/",
        appraisal_sheet_views.appraisal_upload,
        name="appraisal_upload",
    ),
    path(
        "<int:pk>/tham-dinh/xem-truoc/",
        appraisal_sheet_views.appraisal_preview,
        name="appraisal_preview",
    ),
    path("<int:pk>/cong-bo/", publication_views.publication_form, name="publication_form"),
    path("cong-bo/nam/", publication_views.publication_year_add, name="publication_year_add"),
    path("xep-hang/", publication_views.peer_scores, name="peer_scores"),
    path("xep-hang/<int:pk>/xoa/", publication_views.peer_remove, name="peer_remove"),
    path("<int:pk>/doi-chieu/", compare_views.appraisal_compare, name="appraisal_compare"),
    path("<int:pk>/doi-chieu/tai/", compare_views.compare_sheet, name="compare_sheet"),
    path("<int:pk>/trong-tam/", compare_views.focus_save, name="focus_save"),
]
