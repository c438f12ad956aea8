"""Who may call a view at all."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse

from accounts import kept
from accounts.views import csrf_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

ANOTHERS = (
    "Trình duyệt này vừa đăng nhập bằng tài khoản khác, nên thao tác chưa được thực hiện. "
    "Hãy đăng nhập lại bằng tài khoản của bạn; nội dung đã nhập vẫn được giữ trên máy này."
)


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Only for people of an agency. A form posted after the session ended keeps what was typed.

    Answers 401 to requests made by scripts, so that the page can say what to do and stay open. A form
    opened by one person is not carried out in the name of the next one at the same computer.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        by_script = bool(getattr(request, "htmx", False) or request.headers.get("X-Requested-With"))
        if user.is_authenticated:
            if user.agency_id is None:
                raise PermissionDenied(
                    "Tài khoản này chỉ dùng để quản trị, không thuộc đơn vị nào."
                )
            if request.method == "POST" and kept.is_anothers(request):
                if getattr(request, "htmx", False):
                    return HttpResponse(
                        ANOTHERS, status=403, content_type="text/plain; charset=utf-8"
                    )
                if by_script:
                    return JsonResponse({"message": ANOTHERS}, status=403)
                return csrf_failure(request, "another person's form")
            return view(request, *args, **kwargs)
        if by_script:
            return HttpResponse(
                "Phiên đăng nhập đã hết.", status=401, content_type="text/plain; charset=utf-8"
            )
        if request.method == "POST":
            return kept.keep(request)
        return redirect_to_login(request.get_full_path())

    return wrapper
