"""The documents of an explanation: the form alone, adding, finding in the register, taking off (R17)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from tasks.evidence_forms import offered
from tasks.explanation_documents import add_document, remove_document
from tasks.explanation_forms import ProofForm
from tasks.explanation_views import get_explanation, proofs_context
from tasks.permissions import why_not_explain
from tasks.services import Refused
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from tasks.models import Explanation


def _own(request: SignedIn, pk: int) -> Explanation:
    """The explanation to change: 404 for another agency's, 403 with the reason where it may not be written."""
    explanation = get_explanation(request.user, pk)
    why = why_not_explain(request.user, explanation)
    if why:
        raise PermissionDenied(why)
    return explanation


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def explanation_document(request: SignedIn, pk: int) -> HttpResponse:
    """Add a document or files to an answer. GET shows the form alone: without scripts, or to search."""
    trouble = upload_trouble(request)
    explanation = _own(request, pk)
    if request.method != "POST":
        search = request.GET.get("tim", "")[:200]
        return _show(request, explanation, ProofForm(user=request.user, search=search))
    form = ProofForm(request.POST, request.FILES, user=request.user)
    form.is_valid()
    if trouble:
        form.add_error("uploads", trouble)
    if form.errors:
        return _show(request, explanation, form, status=422)
    try:
        proof = add_document(
            explanation=explanation,
            by=Actor.in_first(request, Role.HEAD, Role.REPORTER),
            **form.cleaned_data,
        )
    except Refused as error:
        form.add_error(None, str(error).split("\n"))
        return _show(request, explanation, form, status=422)
    return _done(request, explanation, f"Đã thêm tài liệu {proof.document}.")


@require_safe
@signed_in
def explanation_document_search(request: SignedIn, pk: int) -> HttpResponse:
    """Documents of the register that fit what is typed; without scripts the page of the form."""
    explanation = _own(request, pk)
    search = request.GET.get("tim", "")[:200]
    if not getattr(request, "htmx", False):
        address = reverse("explanation_document", args=[explanation.pk])
        return redirect(f"{address}?{urlencode({'tim': search})}#evidence-register")
    chosen = request.GET.get("document", "")
    found = offered(request.user, search, chosen)
    context = {"found": found, "search": search, "chosen": chosen}
    return render(request, "tasks/_evidence_found.html", context)


@require_POST
@signed_in
def explanation_document_remove(request: SignedIn, pk: int, proof_pk: int) -> HttpResponse:
    """Take a document off an answer; the page asks first."""
    explanation = _own(request, pk)
    proof = get_object_or_404(
        explanation.proofs.select_related("document", "explanation"), pk=proof_pk
    )
    words = str(proof.document)
    remove_document(proof=proof, by=Actor.in_first(request, Role.HEAD, Role.REPORTER))
    return _done(request, explanation, f"Đã bỏ tài liệu {words} khỏi giải trình.")


def _show(
    request: SignedIn, explanation: Explanation, form: ProofForm, *, status: int = 200
) -> HttpResponse:
    context = proofs_context(explanation, request.user, form)
    if getattr(request, "htmx", False):
        # htmx leaves the page alone on an error's status, and the messages are in the answer.
        return render(request, "tasks/_explanation_documents.html", context)
    return render(request, "tasks/explanation_document.html", context, status=status)


def _done(request: SignedIn, explanation: Explanation, message: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        context = proofs_context(explanation, request.user) | {"done": message}
        return render(request, "tasks/_explanation_documents.html", context)
    messages.success(request, message)
    return redirect(reverse("explanation_detail", args=[explanation.pk]) + "#evidence")
