"""Signing in and out, and the pages that say why something is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import views as auth_views
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts import kept
from accounts.forms import PasswordResetForm, SignInForm
from accounts.models import Agency, User

if TYPE_CHECKING:
    from django.http import HttpRequest

DEMO_PASSWORD = "cchc-minh-hoa"  # noqa: S105 - printed on the sign-in page of a demo office


class SignIn(auth_views.LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "demo_accounts": demo_accounts(),
            "demo_password": DEMO_PASSWORD,
            "kept": kept.KEY in self.request.session,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if not kept.hand_over(self.request):
            # The address they were to go back to was another person's form.
            return redirect(self.get_default_redirect_url())
        return response

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        if user.is_authenticated and user.agency_id is None:
            return reverse("admin:index")  # an operator has no page elsewhere
        return super().get_default_redirect_url()


class SignOut(auth_views.LogoutView):
    template_name = "accounts/signed_out.html"
    http_method_names = ["post", "options"]


class PasswordChange(auth_views.PasswordChangeView):
    template_name = "accounts/password_change_form.html"
    success_url = reverse_lazy("password_change_done")


class PasswordReset(auth_views.PasswordResetView):
    template_name = "accounts/password_reset_form.html"
    form_class = PasswordResetForm
    success_url = reverse_lazy("password_reset_done")


@method_decorator(sensitive_post_parameters(), name="dispatch")
class PasswordResetConfirm(auth_views.PasswordResetConfirmView):
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("password_reset_complete")


def demo_accounts() -> list[User]:
    """The accounts the sign-in page lists: of a demo office only, none otherwise."""
    if not Agency.objects.filter(is_demo=True).exists():
        return []
    return list(
        User.objects.get_queryset()
        .filter(unit__agency__is_demo=True, is_active=True)
        .select_related("unit")
        .order_by("id")
    )


def locked_out(
    request: HttpRequest, credentials: dict[str, Any], *args: Any, **kwargs: Any
) -> HttpResponse:
    """Too many failed sign-ins from one address for one account (django-axes calls this)."""
    return render(request, "accounts/locked_out.html", status=429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The token of the form is no longer valid: nearly always another sign-in in the same browser."""
    return render(request, "403_csrf.html", status=403)
