from django.contrib.auth import views as auth_views
from django.urls import path

from accounts import stand_in_views, views

urlpatterns = [
    path("uy-quyen/", stand_in_views.stand_in_list, name="stand_in_list"),
    path("uy-quyen/<int:pk>/ket-thuc/", stand_in_views.stand_in_end, name="stand_in_end"),
    path("dang-nhap/", views.SignIn.as_view(), name="sign_in"),
    path("dang-xuat/", views.SignOut.as_view(), name="sign_out"),
    path("mat-khau/", views.PasswordChange.as_view(), name="password_change"),
    path(
        "mat-khau/da-doi/",
        auth_views.PasswordChangeDoneView.as_view(
            template_name="accounts/password_change_done.html"
        ),
        name="password_change_done",
    ),
    path("quen-mat-khau/", views.PasswordReset.as_view(), name="password_reset"),
    path(
        "quen-mat-khau/da-gui/",
        auth_views.PasswordResetDoneView.as_view(template_name="accounts/password_reset_done.html"),
        name="password_reset_done",
    ),
    path(
        "dat-mat-khau/<uidb64>/<token>/",
        views.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "dat-mat-khau/xong/",
        auth_views.PasswordResetCompleteView.as_view(
            template_name="accounts/password_reset_complete.html"
        ),
        name="password_reset_complete",
    ),
]
