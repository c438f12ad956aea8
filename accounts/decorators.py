"""Who may call a view at all."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from accounts.views import keep_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Only for people of an agency. A form posted after the session ended keeps what was typed.

    Answers 401 to requests made by scripts, so that the page can say what to do and stay open.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated:
            if user.agency_id is None:
                raise PermissionDenied(
                    "Tài khoản này chỉ dùng để quản trị, không thuộc đơn vị nào."
                )
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False) or request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(
                "Phiên đăng nhập đã hết.", status=401, content_type="text/plain; charset=utf-8"
            )
        if request.method == "POST":
            return keep_form(request)
        return redirect_to_login(request.get_full_path())

    return wrapper
