"""What was typed when the session ended, kept until the same person has signed in again.

Every form that carries a token against forged requests also names, signed, the person it was shown to
(the tag ``csrf_token`` of ``accounts.templatetags.shell``). So a form that comes in without a session,
or in the session of the next person at the same computer, is known for whose it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

FIELD = "_who"
KEY = "kept_form"
LARGEST = 200_000  # characters; the browser's own copy holds what is longer

_signer = Signer(salt="accounts.kept.who")


def sign(user: User) -> str:
    """The value of :data:`FIELD` in forms shown to ``user``."""
    return _signer.sign(str(user.pk))


def writer_of(request: HttpRequest) -> int | None:
    """To whom the posted form was shown; None if it does not say, or not truly."""
    try:
        return int(_signer.unsign(request.POST.get(FIELD, "")))
    except (BadSignature, ValueError):
        return None


def is_anothers(request: HttpRequest) -> bool:
    """The form was opened by somebody else than the person now signed in in this browser."""
    writer = writer_of(request)
    return writer is not None and writer != request.user.pk


def keep(request: HttpRequest) -> HttpResponseRedirect:
    """Put the typed fields into the new, anonymous session and ask the person to sign in.

    The page of the form shows them again. What does not say whose it is, or is too long, is not kept.
    """
    back = (
        request.POST.get("next")
        or urlsplit(request.headers.get("referer", "")).path
        or request.path
    )
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = request.path
    typed = {
        name: request.POST.getlist(name)
        for name in request.POST
        if name not in {"csrfmiddlewaretoken", FIELD} and not name.startswith("password")
    }
    who = writer_of(request)
    length = sum(len(value) for values in typed.values() for value in values)
    if who is not None and length <= LARGEST:
        request.session[KEY] = {"path": urlsplit(back).path, "typed": typed, "who": who}
        words = "Nội dung vừa nhập được giữ lại; hãy đăng nhập để tiếp tục."
    else:
        words = "Hãy đăng nhập lại rồi thực hiện lại thao tác vừa rồi."
    messages.warning(request, f"Phiên đăng nhập đã hết. {words}")
    return HttpResponseRedirect(f"{reverse('sign_in')}?{urlencode({'next': back}, safe='/')}")


def hand_over(request: HttpRequest) -> bool:
    """After signing in: what another person typed is dropped; False if there was such."""
    kept = request.session.get(KEY)
    if kept is None or kept.get("who") == request.user.pk:
        return True
    del request.session[KEY]
    return False
