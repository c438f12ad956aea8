from django.urls import path

from scoring import criteria_edit_views, criterion_edit_views

urlpatterns = [
    path("moi/", criteria_edit_views.criteria_new, name="criteria_new"),
    path("<int:pk>/sua/", criteria_edit_views.criteria_edit, name="criteria_edit"),
    path(
        "<int:pk>/dua-vao-dung/",
        criteria_edit_views.criteria_take_into_use,
        name="criteria_take_into_use",
    ),
    path(
        "<int:pk>/mo-lai/",
        criteria_edit_views.criteria_reopen,
        name="criteria_reopen",
    ),
    path("<int:pk>/them/", criterion_edit_views.criterion_add, name="criterion_add"),
    path(
        "<int:pk>/tieu-chi/<int:line_pk>/",
        criterion_edit_views.criterion_edit,
        name="criterion_edit",
    ),
    path(
        "<int:pk>/tieu-chi/<int:line_pk>/chuyen/",
        criterion_edit_views.criterion_move,
        name="criterion_move",
    ),
    path(
        "<int:pk>/tieu-chi/<int:line_pk>/xoa/",
        criterion_edit_views.criterion_remove,
        name="criterion_remove",
    ),
]
