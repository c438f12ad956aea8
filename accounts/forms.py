"""Forms of sign-in and of the password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import mail
from accounts.models import User


class SignInForm(auth_forms.AuthenticationForm):
    username = forms.EmailField(
        label="Thư điện tử công vụ",
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    error_messages = {
        "invalid_login": "Thư điện tử hoặc mật khẩu không đúng. Hãy kiểm tra lại, kể cả phím Caps Lock.",
        "inactive": "Tài khoản này đã ngừng sử dụng. Hãy liên hệ Văn phòng Sở.",
    }

    def clean_username(self) -> str:
        return self.cleaned_data["username"].strip().lower()

    def get_invalid_login_error(self) -> forms.ValidationError:
        """Who knows the password of an account that was closed is told so; nobody else learns of it."""
        closed = User.objects.get_queryset().filter(
            email=self.cleaned_data["username"], is_active=False
        )
        if any(user.check_password(self.cleaned_data["password"]) for user in closed):
            return forms.ValidationError(self.error_messages["inactive"], code="inactive")
        return super().get_invalid_login_error()


class PasswordResetForm(auth_forms.PasswordResetForm):
    email = forms.EmailField(
        label="Thư điện tử công vụ",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def save(self, **kwargs: Any) -> None:  # type: ignore[override]  # ours needs none of Django's
        """Put the message into the outbox: a dead mail server loses nothing, an unknown address tells nothing."""
        for user in User.objects.get_queryset().filter(
            email=self.cleaned_data["email"].strip().lower(), is_active=True
        ):
            send_password_link(user, template="password_reset")


def send_password_link(user: User, *, template: str) -> None:
    """Send ``user`` a link to set a password; ``template`` is ``password_reset`` or ``invitation``."""
    token = default_token_generator.make_token(user)
    mail.put(
        key=f"{template}:{user.pk}:{token}",
        kind=template,
        user=user,
        template=template,
        context={"user": user, "uid": urlsafe_base64_encode(force_bytes(user.pk)), "token": token},
    )
