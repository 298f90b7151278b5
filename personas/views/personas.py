"""Pages of personas: the list, the document and its versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.bilingual import LANGUAGES, in_language
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
from personas.views import persona_overview


def fetch(pk: int) -> Persona:
    """Return the persona. Raise Http404."""
    return get_object_or_404(Persona, pk=pk)


def versions_of(persona: Persona) -> list[PersonaVersion]:
    """Return all versions with their criteria, the newest first."""
    rows = persona.versions.select_related("created_by", "changed_by", "published_by", "persona")
    return list(rows.prefetch_related("criteria").order_by("-number"))


@require_safe
def personas(request: Request) -> HttpResponse:
    """Show every persona: those in use, the drafts and the archived ones."""
    cards = persona_overview.cards(catalogue.everything())
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
    """Create a persona from an example or from a blank page."""
    form = NewForm(request.POST or None)
    templates = persona_templates.TEMPLATES
    if request.method == "POST" and form.is_valid():
        # None for "blank", which is a choice of the form and no template.
        template = templates.get(form.cleaned_data["template"])
        draft = persona_templates.create_draft(template, form.name, by=request.user, at=request.now)
        text = _("The draft is open. Nothing is judged by it before it is published.")
        messages.success(request, text)
        return redirect("persona_edit", pk=draft.persona_id)
    offers = []
    for key, template in templates.items():
        offers.append((key, template.name, template.who))
    status = 200
    if form.errors:
        status = 422
    context = {"form": form, "offers": offers}
    return render(request, "personas/persona_new.html", context, status=status)


@require_safe
def persona(request: Request, pk: int) -> HttpResponse:
    """Show the version in use, or the one in the query string."""
    return show(request, pk)


def show(
    request: Request, pk: int, *, status: int = 200, number: int | None = None, **context: Any
) -> HttpResponse:
    """Show the page of one persona.

    ``number`` is the version to show, by default the one in the query string, else the one in use.
    Raise Http404 for an unknown number.
    """
    persona = fetch(pk)
    versions = versions_of(persona)
    by_state = {version.state: version for version in versions}
    # At most one version of each of the two states, by constraints of the database.
    published = by_state.get(VersionState.PUBLISHED)
    draft = by_state.get(VersionState.DRAFT)
    asked = str(number or request.GET.get("version", ""))
    shown = published or draft
    if asked:
        shown = _numbered(versions, asked)
    facts = custom_fields.criterion_fields()
    document = None
    lacks: list[str] = []
    if shown:
        document = persona_overview.document(shown, facts)
        if shown.is_draft:
            lacks = drafts.lacks(shown)
    user = request.user
    base = {
        "persona": persona,
        "shown": shown,
        "document": document,
        "lacks": lacks,
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
    """Show every version, and what changed between two, by default between the last two."""
    persona = fetch(pk)
    versions = versions_of(persona)
    newer = _version(request, versions, "to", versions[:1])
    before = [version for version in versions if newer and version.number < newer.number]
    older = _version(request, versions, "from", before[:1])
    # The two lists on the page are independent, so they may be chosen the wrong way round.
    if newer and older and older.number > newer.number:
        older, newer = newer, older
    difference = None
    if older and newer and older != newer:
        facts = custom_fields.criterion_fields()
        difference = differences.between(older, newer, facts)
    context = {
        "persona": persona,
        "versions": versions,
        "older": older,
        "newer": newer,
        "difference": difference,
    }
    return render(request, "personas/persona_versions.html", context)


def _version(
    request: Request, versions: list[PersonaVersion], name: str, usual: list[PersonaVersion]
) -> PersonaVersion | None:
    """Return the version with the number in the query string, else the first of ``usual``."""
    asked = request.GET.get(name, "")
    if asked:
        return _numbered(versions, asked)
    return next(iter(usual), None)


def _numbered(versions: list[PersonaVersion], number: str) -> PersonaVersion:
    """Return the version with that number. Raise Http404."""
    for version in versions:
        # As text: what the query string holds need not be a number.
        if str(version.number) == number:
            return version
    raise Http404


@require_POST
@require_permission(permissions.can_edit)
def persona_rename(request: Request, pk: int) -> HttpResponse:
    """Rename a persona in both languages."""
    persona = fetch(pk)
    form = NameForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            catalogue.rename(
                persona,
                form.name,
                was=_name_on_screen(request),
                by=request.user,
                at=request.now,
            )
        except catalogue.Renamed as error:
            status = 409
            name = in_language(error.now)
            text = _("%(message)s It is called “%(name)s” now.")
            form.add_error(None, text % {"message": error.message, "name": name})
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("persona", pk=pk)
    return show(request, pk, status=status, name_form=form)


def _name_on_screen(request: Request) -> dict[str, str]:
    """Return the name that the page showed, from its hidden fields."""
    was = {}
    for language in LANGUAGES:
        key = f"was-{language}"
        # A name lacks a language that is empty, and the page sends no field for it.
        if key in request.POST:
            was[language] = request.POST[key]
    return was


@require_POST
@require_permission(permissions.can_edit)
def persona_archive(request: Request, pk: int) -> HttpResponse:
    """Archive a persona."""
    persona = catalogue.archive(fetch(pk), by=request.user, at=request.now)
    text = _("“%(name)s” is archived. What it has judged stays judged.")
    messages.success(request, text % {"name": persona})
    return redirect("persona", pk=pk)


@require_POST
@require_permission(permissions.can_edit)
def persona_restore(request: Request, pk: int) -> HttpResponse:
    """Restore an archived persona."""
    persona = catalogue.restore(fetch(pk), by=request.user, at=request.now)
    messages.success(request, _("“%(name)s” is in use again.") % {"name": persona})
    return redirect("persona", pk=pk)
