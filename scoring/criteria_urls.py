from django.urls import path

from scoring import criteria_version_views, criteria_views

urlpatterns = [
    path("", criteria_views.criteria_list, name="criteria_list"),
    path("nap/", criteria_views.criteria_import, name="criteria_import"),
    path("mau.xlsx", criteria_views.criteria_template, name="criteria_template"),
    path("so-sanh/", criteria_version_views.criteria_compare, name="criteria_compare"),
    path("<int:pk>/", criteria_views.criteria_detail, name="criteria_detail"),
    path("<int:pk>/sao-chep/", criteria_version_views.criteria_copy, name="criteria_copy"),
    path("<int:pk>/doi-chieu/", criteria_version_views.criteria_map, name="criteria_map"),
    path("<int:pk>/tai/<slug:kind>/", criteria_views.criteria_download, name="criteria_download"),
]
