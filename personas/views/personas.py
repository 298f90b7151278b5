"""Pages of personas: the list of them, the document, its versions, and what their leads became."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.bilingual import in_language
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.setup.starter import persona_templates
from leads.permissions import can_read_alignment
from leads.records import custom_fields
from personas import differences, drafts, permissions
from personas import personas as catalogue
from personas.forms.personas import NameForm, NewForm
from personas.models import Persona, PersonaVersion
from personas.states import VersionState
from personas.views import persona_page


def fetch(pk: int) -> Persona:
    """The persona; 404 where there is none."""
    return get_object_or_404(Persona, pk=pk)


def versions_of(persona: Persona) -> list[PersonaVersion]:
    """All versions with their criteria, the newest first."""
    rows = persona.versions.select_related("created_by", "changed_by", "published_by", "persona")
    return list(rows.prefetch_related("criteria").order_by("-number"))


@require_safe
def personas(request: Request) -> HttpResponse:
    """Every persona: those in use, drafts, those put away."""
    cards = persona_page.cards(catalogue.everything())
    kept = [card for card in cards if card.persona.archived_at is None]
    context = {
        "in_use": [card for card in kept if card.published],
        "drafts": [card for card in kept if not card.published],
        "archived": [card for card in cards if card.persona.archived_at],
        "can_edit": permissions.can_edit(request.user),
        "can_edit_fields": permissions.can_edit_fields(request.user),
        "can_read_results": can_read_alignment(request.user),
    }
    return render(request, "personas/persona_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit)
def persona_new(request: Request) -> HttpResponse:
    """A new persona, from an example or from a blank page."""
    form = NewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["template"]
        draft = persona_templates.create_draft(
            persona_templates.TEMPLATES.get(key), form.name, by=request.user, at=request.now
        )
        messages.success(
            request, _("The draft is open. Nothing is judged by it before it is published.")
        )
        return redirect("persona_edit", pk=draft.persona_id)
    offers = [
        (key, template.name, template.who) for key, template in persona_templates.TEMPLATES.items()
    ]
    return render(
        request,
        "personas/persona_new.html",
        {"form": form, "offers": offers},
        status=422 if form.errors else 200,
    )


@require_safe
def persona(request: Request, pk: int) -> HttpResponse:
    """The document: the version in use, or the one that is asked for."""
    return show(request, pk)


def show(
    request: Request, pk: int, *, status: int = 200, number: int | None = None, **context: Any
) -> HttpResponse:
    """The page of one persona; ``number``: the version, by default the one asked for, else that in
    use.
    """
    persona = fetch(pk)
    versions = versions_of(persona)
    by_state = {version.state: version for version in reversed(versions)}
    published, draft = by_state.get(VersionState.PUBLISHED), by_state.get(VersionState.DRAFT)
    asked = str(number or request.GET.get("version", ""))
    shown = (
        next((v for v in versions if str(v.number) == asked), None) if asked else published or draft
    )
    if asked and shown is None:
        raise Http404
    facts = custom_fields.criterion_fields()
    user = request.user
    base = {
        "persona": persona,
        "shown": shown,
        "document": persona_page.document(shown, facts) if shown else None,
        "lacks": drafts.lacks(shown) if shown and shown.is_draft else [],
        "published": published,
        "draft": draft,
        "version_count": len(versions),
        "can_edit": permissions.can_edit(user),
        "can_publish": permissions.can_publish(user),
        "name_form": NameForm(initial=persona.name),
    }
    return render(request, "personas/persona.html", {**base, **context}, status=status)


@require_safe
def persona_versions(request: Request, pk: int) -> HttpResponse:
    """Every version, and what changed between two of them; by default what the newest changed."""
    persona = fetch(pk)
    versions = versions_of(persona)
    newer = _version(request, versions, "to", versions[:1])
    before = [v for v in versions if newer and v.number < newer.number]
    older = _version(request, versions, "from", before[:1])
    if newer and older and older.number > newer.number:
        older, newer = newer, older
    found = (
        differences.between(older, newer, custom_fields.criterion_fields())
        if older and newer and older != newer
        else None
    )
    context = {
        "persona": persona,
        "versions": versions,
        "older": older,
        "newer": newer,
        "difference": found,
    }
    return render(request, "personas/persona_versions.html", context)


def _version(
    request: Request, versions: list[PersonaVersion], name: str, usual: list[PersonaVersion]
) -> PersonaVersion | None:
    """The version whose number the address names; 404 where there is none of that number."""
    if asked := request.GET.get(name, ""):
        found = [version for version in versions if str(version.number) == asked]
        if not found:
            raise Http404
        return found[0]
    return next(iter(usual), None)


@require_POST
@require_permission(permissions.can_edit)
def persona_rename(request: Request, pk: int) -> HttpResponse:
    """Another name in both languages."""
    persona, form = fetch(pk), NameForm(request.POST)
    status = 422
    if form.is_valid():
        was = {
            language: request.POST[f"was-{language}"]
            for language in ("es", "en")
            if f"was-{language}" in request.POST
        }
        try:
            catalogue.rename(persona, form.name, was=was, by=request.user, at=request.now)
        except catalogue.Renamed as error:
            status = 409
            words = _("%(message)s It is called “%(name)s” now.")
            form.add_error(None, words % {"message": error.message, "name": in_language(error.now)})
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("persona", pk=pk)
    return show(request, pk, status=status, name_form=form)


@require_POST
@require_permission(permissions.can_edit)
def persona_archive(request: Request, pk: int) -> HttpResponse:
    """Put it away."""
    persona = catalogue.archive(fetch(pk), by=request.user, at=request.now)
    messages.success(
        request, _("“%(name)s” is archived. What it has judged stays judged.") % {"name": persona}
    )
    return redirect("persona", pk=pk)


@require_POST
@require_permission(permissions.can_edit)
def persona_restore(request: Request, pk: int) -> HttpResponse:
    """Take it back into use."""
    persona = catalogue.restore(fetch(pk), by=request.user, at=request.now)
    messages.success(request, _("“%(name)s” is in use again.") % {"name": persona})
    return redirect("persona", pk=pk)
