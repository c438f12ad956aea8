from django.urls import path

from scoring import scenario_views, what_if_views

urlpatterns = [
    path("thu/", what_if_views.what_if, name="what_if"),
    path("thu/tinh/", what_if_views.what_if_compute, name="what_if_compute"),
    path("thu/luu/", scenario_views.scenario_save, name="scenario_save"),
    path("phuong-an/", scenario_views.scenario_list, name="scenario_list"),
    path("phuong-an/so-sanh/", scenario_views.scenario_compare, name="scenario_compare"),
    path("phuong-an/<int:pk>/", scenario_views.scenario_detail, name="scenario_detail"),
    path("phuong-an/<int:pk>/sua/", scenario_views.scenario_change, name="scenario_change"),
    path("phuong-an/<int:pk>/xoa/", scenario_views.scenario_delete, name="scenario_delete"),
]
