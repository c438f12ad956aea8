from django.urls import path

from plans import views

urlpatterns = [
    path("ke-hoach/", views.plan_list, name="plan_list"),
    path("ke-hoach/<int:pk>/", views.plan_detail, name="plan_detail"),
    path("ke-hoach/<int:pk>/don-vi/<int:unit_pk>/", views.unit_share, name="unit_share"),
]
