"""What every template has without loading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from accounts import kept

if TYPE_CHECKING:
    from django.template.base import Parser, Token
    from django.template.context import Context
    from django.utils.safestring import SafeString

register = template.Library()


class FormMarks(CsrfTokenNode):
    """Django's token against forged requests, and to whom the form is shown (``accounts.kept``)."""

    def render(self, context: Context) -> SafeString:
        token = super().render(context)
        user = getattr(getattr(context, "request", None), "user", None)
        if not token or user is None or not user.is_authenticated:
            return mark_safe(token)  # noqa: S308 - Django's own field
        return format_html(
            '{}<input type="hidden" name="{}" value="{}">', token, kept.FIELD, kept.sign(user)
        )


@register.tag("csrf_token")
def csrf_token(parser: Parser, token: Token) -> FormMarks:
    return FormMarks()
