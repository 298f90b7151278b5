"""What people do with a version of an agreement: comment, propose, sign, reopen, discard, renew.

Also a new agreement for some teams.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, deny_unless, require_permission
from crm.accounts.sign_in.forms import ConfirmForm
from crm.accounts.states import Side
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from sla.agreements import agreements, comments, drafts, permissions, proposals, signing
from sla.forms.agreements import CommentForm, NewAgreementForm, ReopenForm
from sla.models import AgreementVersion
from sla.states import AgreementState
from sla.text import labels
from sla.views import agreement_overview
from sla.views.agreements import fetch, show
from sla.views.form_page import answer, form_methods, posted


def _fetch_to_write(request: Request, pk: int) -> AgreementVersion:
    """Return the version for those who may write it; 403 for others."""
    version = fetch(pk)
    deny_unless(permissions.can_write(request.user, version))
    return version


def _shown(request: Request) -> str:
    """Return the fingerprint of the version as the page showed it, from its hidden field."""
    return request.POST.get("shown", "")


@require_POST
def agreement_comment(request: Request, pk: int) -> HttpResponse:
    """Comment on a section, or answer a comment."""
    version = fetch(pk)
    # Of a text that was closed meanwhile add() says so, and the page shows what was typed.
    deny_unless(permissions.can_discuss(request.user, version))
    form = CommentForm(request.POST, version=version)
    if not form.is_valid():
        # The whole page again: the comment with its error stands beside its section.
        return show(request, version, status=422, comment=form)
    data = form.cleaned_data
    section = data["section"]
    try:
        comments.add(
            version,
            section,
            data["text"],
            by=request.user,
            at=request.now,
            answers=data["answers"],
        )
    except DomainError as error:
        status = add_domain_error(form, error)
        return show(request, fetch(pk), status=status, comment=form)
    # Back to the section that the comment is on.
    return redirect(f"/agreement/{version.pk}/#{section}")


@require_POST
def agreement_next(request: Request, pk: int) -> HttpResponse:
    """Create the next version with the text of this one."""
    version = drafts.renew(_fetch_to_write(request, pk), by=request.user, at=request.now)
    messages.success(
        request,
        _("The next version begins with all that this one says. Change what should differ."),
    )
    return redirect("agreement_edit", pk=version.pk)


@require_POST
def agreement_promise(request: Request, pk: int, metric: str) -> HttpResponse:
    """Put the usual promise on ``metric`` into the next draft."""
    version = _fetch_to_write(request, pk)
    usual = agreement_overview.usual_promise(version, metric)
    if usual is None:
        raise Http404
    draft = drafts.promise(version, usual, by=request.user, at=request.now)
    messages.success(request, _("The draft has the usual promise. Change what should differ."))
    return redirect("agreement_edit", pk=draft.pk)


@require_POST
def agreement_propose(request: Request, pk: int) -> HttpResponse:
    """Close the text and ask both sides to sign it."""
    version = _fetch_to_write(request, pk)
    proposals.propose(
        version,
        by=request.user,
        at=request.now,
        labels=labels.labels_of(version),
        shown=_shown(request),
    )
    messages.success(request, _("The text is closed. Both sides have been asked to sign it."))
    return redirect("agreement_version", pk=version.pk)


@form_methods
def agreement_reopen(request: Request, pk: int) -> HttpResponse:
    """Turn a proposed text into a draft again, with a reason; its signatures are void."""
    version = _fetch_to_write(request, pk)
    form = ReopenForm(posted(request))

    def save() -> HttpResponse:
        proposals.reopen(
            version,
            by=request.user,
            at=request.now,
            why=form.cleaned_data["why"],
            shown=_shown(request),
        )
        messages.success(request, _("It is a draft again. Signatures given so far are void."))
        return redirect("agreement_version", pk=version.pk)

    context = {
        "version": version,
        "sides": agreement_overview.signatures(version),
        "shown": agreements.fingerprint(version),
    }
    return answer(request, "sla/agreement_reopen.html", form, save, **context)


@require_POST
def agreement_discard(request: Request, pk: int) -> HttpResponse:
    """Discard a draft; it stays readable."""
    version = proposals.discard(
        _fetch_to_write(request, pk),
        by=request.user,
        at=request.now,
        shown=_shown(request),
    )
    messages.success(
        request, _("The draft is discarded. It stays readable in the list of versions.")
    )
    return redirect("agreement_version", pk=version.pk)


@sensitive_post_parameters("password")
@form_methods
def agreement_sign(request: Request, pk: int) -> HttpResponse:
    """Sign for every side that the person leads and that has not signed, with the password."""
    version = fetch(pk)
    sides = agreement_overview.sides_to_sign(version, request.user)
    if not sides:
        # Those who may write it have signed already, or it waits for nothing.
        deny_unless(permissions.can_write(request.user, version))
        # A redirect would say that the text is signed that the page showed.
        if request.method == "POST" and version.state == AgreementState.DRAFT:
            raise agreements.NotAsShown
        return redirect("agreement_version", pk=version.pk)
    form = ConfirmForm(posted(request), request=request)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                signed = signing.sign_sides(
                    version,
                    sides,
                    sha256=request.POST.get("sha", ""),
                    by=request.user,
                    at=request.now,
                )
            except DomainError as error:
                # The text may have changed, or the other side have signed, just now.
                version = fetch(pk)
                sides = agreement_overview.sides_to_sign(version, request.user)
                if not sides:
                    raise
                status = add_domain_error(form, error)
            else:
                messages.success(request, _signed_message(signed))
                return redirect("agreement_version", pk=version.pk)
    context = _signing_context(version, sides, form)
    return render(request, "sla/agreement_sign.html", context, status=status)


def _signed_message(version: AgreementVersion) -> str:
    if version.state == AgreementState.IN_FORCE:
        return _("Signed by both sides. The agreement is in force.")
    if version.state == AgreementState.SIGNED:
        return _("Signed by both sides. It comes into force on its date.")
    return _("Signed. Now the other side has to sign.")


def _signing_context(
    version: AgreementVersion,
    sides: list[str],
    form: ConfirmForm,
) -> dict[str, Any]:
    signatures = agreement_overview.signatures(version)
    unsigned = [side for side in signatures if side.signature is None]
    rows = agreement_overview.siblings(version)
    in_force = [row for row in rows if row.state == AgreementState.IN_FORCE]
    return {
        "version": version,
        "form": form,
        "sides": [Side(side).label for side in sides],
        "missing": [side for side in unsigned if side.side not in sides],
        "signed": [side for side in signatures if side.signature],
        "sections": agreement_overview.sections(version),
        "current": next(iter(in_force), None),
    }


@form_methods
@require_permission(permissions.can_create)
def agreement_new(request: Request) -> HttpResponse:
    """Create an agreement for some sales teams, with a draft of what binds them now."""
    form = NewAgreementForm(posted(request))

    def save() -> HttpResponse:
        data = form.cleaned_data
        version = drafts.create_for_teams(
            data["name"],
            data["teams"],
            by=request.user,
            at=request.now,
        )
        return redirect("agreement_edit", pk=version.pk)

    return answer(request, "sla/agreement_new.html", form, save)
