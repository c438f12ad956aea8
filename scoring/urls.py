from django.urls import include, path

from scoring import (
    adjustment_views,
    dashboard_views,
    explaining_views,
    export_views,
    leaf_views,
    move_views,
    risk_views,
    scorecard_views,
)

urlpatterns = [
    path("", dashboard_views.home, name="home"),
    path("tong-quan/", dashboard_views.dashboard, name="dashboard"),
    path("diem/", scorecard_views.scorecard_detail, name="scorecard_detail"),
    path("diem/", include("scoring.appraisal_urls")),
    path("diem/bo-tieu-chi/", include("scoring.criteria_urls")),
    path("diem/bo-tieu-chi/", include("scoring.criteria_edit_urls")),
    path("diem/", include("scoring.what_if_urls")),
    path("diem/con-gianh-duoc/", risk_views.risk_list, name="risk_list"),
    path("diem/lap/", scorecard_views.scorecard_begin, name="scorecard_begin"),
    path("diem/<int:pk>/buoc/<slug:step>/", move_views.scorecard_move, name="scorecard_move"),
    path("diem/<int:pk>/trinh/", move_views.scorecard_offer, name="scorecard_offer"),
    path("diem/<int:pk>/giai-trinh-diem/", move_views.leaves_explain, name="leaves_explain"),
    path("diem/<int:pk>/lich-su/", scorecard_views.scorecard_history, name="scorecard_history"),
    path("diem/<int:pk>/thuong-tru/", adjustment_views.adjustment_add, name="adjustment_add"),
    path(
        "diem/<int:pk>/thuong-tru/<int:adjustment_pk>/",
        adjustment_views.adjustment_change,
        name="adjustment_change",
    ),
    path("diem/giai-trinh/", explaining_views.explanation_home, name="explanation_home"),
    path("diem/<int:pk>/giai-trinh/", explaining_views.explanation_ask, name="explanation_ask"),
    path(
        "diem/<int:pk>/giai-trinh/<int:leaf_pk>/luu/",
        explaining_views.explained_save,
        name="explained_save",
    ),
    path(
        "diem/<int:pk>/giai-trinh/nhan/<int:explanation_pk>/",
        explaining_views.explanation_take_in,
        name="explanation_take_in",
    ),
    path(
        "diem/<int:pk>/giai-trinh/xong/",
        explaining_views.explanation_finish,
        name="explanation_finish",
    ),
    # A code may have a stroke in it.
    path("diem/<int:pk>/tieu-chi/<path:code>/", leaf_views.leaf_detail, name="leaf_detail"),
    path("viec/diem/", risk_views.unit_risks, name="unit_risks"),
    path("ho-so-nop/", export_views.export_list, name="export_list"),
    path("ho-so-nop/tao/", export_views.export_request, name="export_request"),
    path("ho-so-nop/<int:pk>/", export_views.export_progress, name="export_progress"),
    path("ho-so-nop/<int:pk>/tai/", export_views.export_download, name="export_download"),
]
