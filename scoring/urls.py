from django.urls import path

from scoring import dashboard_views, export_views, risk_views, scorecard_views

urlpatterns = [
    path("", dashboard_views.home, name="home"),
    path("tong-quan/", dashboard_views.dashboard, name="dashboard"),
    path("diem/", scorecard_views.scorecard_detail, name="scorecard_detail"),
    path("diem/con-gianh-duoc/", risk_views.risk_list, name="risk_list"),
    path("viec/diem/", risk_views.unit_risks, name="unit_risks"),
    path("ho-so-nop/", export_views.export_list, name="export_list"),
    path("ho-so-nop/tao/", export_views.export_request, name="export_request"),
    path("ho-so-nop/<int:pk>/", export_views.export_progress, name="export_progress"),
    path("ho-so-nop/<int:pk>/tai/", export_views.export_download, name="export_download"),
]
