"""What people do with a version: comment, propose, sign, reopen, discard, begin the next one or a
new agreement.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request, deny_unless
from crm.accounts.sign_in import demo
from crm.accounts.states import Side
from crm.accounts.views import limit_password_tries
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from sla.agreements import comments, drafts, permissions, proposals, signing
from sla.forms.agreements import CommentForm, FoundForm, ReopenForm, SignForm
from sla.models import AgreementVersion
from sla.text import labels
from sla.views import agreement_page
from sla.views.agreements import fetch, show


def _writing(request: Request, pk: int) -> AgreementVersion:
    """The version, for those who may write it; 403 for others."""
    version = fetch(pk)
    deny_unless(permissions.can_write(request.user, version))
    return version


@require_POST
def agreement_comment(request: Request, pk: int) -> HttpResponse:
    """Say something about a section, or answer somebody."""
    version = fetch(pk)
    deny_unless(permissions.can_comment(request.user, version))
    form = CommentForm(request.POST, version=version)
    if not form.is_valid():
        return show(request, version, status=422, comment=form)
    data = form.cleaned_data
    answers = data["answers"]
    comments.add(
        version, data["section"], data["text"], by=request.user, at=request.now, answers=answers
    )
    return redirect(f"/agreement/{version.pk}/#{data['section']}")


@require_POST
def agreement_next(request: Request, pk: int) -> HttpResponse:
    """Begin the next version with all that this one says."""
    version = drafts.renew(_writing(request, pk), by=request.user, at=request.now)
    messages.success(
        request,
        _("The next version begins with all that this one says. Change what should differ."),
    )
    return redirect("agreement_edit", pk=version.pk)


@require_POST
def agreement_propose(request: Request, pk: int) -> HttpResponse:
    """Close the text and ask both sides to sign it."""
    version = _writing(request, pk)
    proposals.propose(version, by=request.user, at=request.now, labels=labels.labels_of(version))
    messages.success(request, _("The text is closed. Both sides have been asked to sign it."))
    return redirect("agreement_version", pk=version.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_reopen(request: Request, pk: int) -> HttpResponse:
    """Back to draft, with a reason; signatures given so far are void."""
    version = _writing(request, pk)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        proposals.reopen(version, by=request.user, at=request.now, why=form.cleaned_data["why"])
        messages.success(request, _("It is a draft again. Signatures given so far are void."))
        return redirect("agreement_version", pk=version.pk)
    context = {"version": version, "form": form, "places": agreement_page.places(version)}
    return render(request, "sla/agreement_reopen.html", context, status=422 if form.errors else 200)


@require_POST
def agreement_discard(request: Request, pk: int) -> HttpResponse:
    """Give a draft up; it stays readable."""
    version = proposals.discard(_writing(request, pk), by=request.user, at=request.now)
    messages.success(
        request, _("The draft is discarded. It stays readable in the list of versions.")
    )
    return redirect("agreement_version", pk=version.pk)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_sign(request: Request, pk: int) -> HttpResponse:
    """Sign for every side that the person leads and that has not signed, after they gave their
    password again.
    """
    version = fetch(pk)
    sides = agreement_page.sides_to_sign(version, request.user)
    if not sides:
        deny_unless(permissions.can_write(request.user, version))
        return redirect("agreement_version", pk=version.pk)
    if request.method == "POST" and (refusal := limit_password_tries(request)):
        return refusal
    form, status = SignForm(request.POST or None, user=request.user, sha=version.content_hash), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                signed = signing.conclude(version, sides, by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                messages.success(request, _said(signed))
                return redirect("agreement_version", pk=version.pk)
    context = _signing(version, sides, form) | {
        "demo_password": demo.PASSWORD if demo.is_on() else ""
    }
    return render(request, "sla/agreement_sign.html", context, status=status)


def _said(version: AgreementVersion) -> str:
    if version.state == "in_force":
        return _("Signed by both sides. The agreement is in force.")
    if version.state == "signed":
        return _("Signed by both sides. It comes into force on its date.")
    return _("Signed. Now the other side has to sign.")


def _signing(version: AgreementVersion, sides: list[str], form: SignForm) -> dict[str, Any]:
    places = agreement_page.places(version)
    return {
        "version": version,
        "form": form,
        "sides": [Side(side).label for side in sides],
        "missing": [
            place for place in places if place.signature is None and place.side not in sides
        ],
        "signed": [place for place in places if place.signature],
        "sections": agreement_page.sections(version),
        "current": next(
            (v for v in agreement_page.siblings(version) if v.state == "in_force"), None
        ),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_new(request: Request) -> HttpResponse:
    """An agreement of its own for some sales teams, drafted from the one that binds them now."""
    deny_unless(permissions.can_found(request.user))
    form, status = FoundForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                version = drafts.create_for_teams(
                    form.cleaned_data["name"],
                    form.cleaned_data["teams"],
                    by=request.user,
                    at=request.now,
                )
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                return redirect("agreement_edit", pk=version.pk)
    return render(request, "sla/agreement_new.html", {"form": form}, status=status)
