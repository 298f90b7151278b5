"""The sections of an agreement that define: its scope, MQL, SQL, package, and reasons to reject."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.lib.bilingual import in_language
from personas.states import CriterionKind
from sla.states import Proof, RejectionClass
from sla.text.commitments import Names, any_of, name_of
from sla.text.labels import PROVEN
from sla.text.sections import Content, SectionBody, SectionLine


def scope(content: Content, names: Names) -> SectionBody:
    """Write which teams the agreement binds."""
    teams = ", ".join(content["teams"])
    # Marketing as a whole is always bound: only sales teams can have an agreement of their own.
    if not teams:
        return SectionBody(
            _("It binds marketing and every sales team without an agreement of its own.")
        )
    return SectionBody(_("It binds marketing and these sales teams: %(teams)s.") % {"teams": teams})


def mql(content: Content, names: Names) -> SectionBody:
    """Write what an MQL is."""
    lines = [
        SectionLine("personas", _personas(content)),
        SectionLine("actions", _actions(content, names)),
    ]
    score = content["minimum_score"]
    if score is not None:
        text = _("To be handed off, its fit score has to be at least %(score)s out of 100.")
        text = text % {"score": score}
        lines.append(SectionLine("score", text))
    days = content["engagement_half_life_days"]
    half_life = ngettext(
        "What a valuable action adds to the engagement score halves every %(days)s day.",
        "What a valuable action adds to the engagement score halves every %(days)s days.",
        days,
    )
    half_life = half_life % {"days": days}
    lines.append(SectionLine("half_life", half_life))
    intro = _("Marketing hands off a lead only when all of this is true:")
    return SectionBody(intro, lines, in_language(content["mql_definition"]))


def _personas(content: Content) -> str:
    names = [in_language(persona["name"]) for persona in content["personas"]]
    if not names:
        return _("The lead fits one of the published buyer personas.")
    text = _("The lead fits one of these buyer personas: %(names)s.")
    return text % {"names": ", ".join(names)}


def _actions(content: Content, names: Names) -> str:
    codes = content["valuable_actions"]
    if not codes:
        return _("It did at least one valuable action of any kind.")
    text = _("It did at least one of these valuable actions: %(names)s.")
    return text % {"names": any_of("actions", codes, names)}


def sql(content: Content, names: Names) -> SectionBody:
    """Write what an SQL is, and which missing evidence blocks it."""
    lines = []
    for kind in _proven_kinds(content, names):
        label = str(CriterionKind(kind).label)
        blocks = kind in content["sql_blocks"]
        lines.append(_proof_line(kind, label, blocks=blocks))
    # After the kinds, the single criteria that differ from theirs.
    for code, proof in sorted(content["sql_terms"].items()):
        criterion = name_of("criteria", code, names)
        blocks = proof == Proof.BLOCKS
        lines.append(_proof_line(code, f"“{criterion}”", blocks=blocks))
    intro = _("What sales has to prove before it calls an MQL an SQL:")
    return SectionBody(intro, lines, in_language(content["sql_definition"]))


def _proven_kinds(content: Content, names: Names) -> list[str]:
    """Return the kinds of criteria that the text names, and means and authority, always asked."""
    asked = set(content["sql_blocks"])
    # domain.md: every SQL has the means and the authority to decide.
    asked |= {CriterionKind.MEANS, CriterionKind.AUTHORITY}
    # Signed text keeps the names of its criteria only; a draft has those of all published personas.
    if "labels" not in content:
        criteria = names.get("criteria", {}).values()
        asked |= {criterion.get("kind", "") for criterion in criteria}
    return [kind for kind in PROVEN if kind in asked]


def _proof_line(key: str, what: str, *, blocks: bool) -> SectionLine:
    if blocks:
        text = _("%(what)s: without evidence the lead cannot become an SQL.")
    else:
        text = _("%(what)s: without evidence there is only a warning.")
    return SectionLine(key, text % {"what": what})


def package(content: Content, names: Names) -> SectionBody:
    """Write which data come with each lead."""
    codes = content["package_fields"]
    if not codes:
        return SectionBody(_("Marketing hands a lead over with whatever is known of it."))
    lines = []
    for code in codes:
        name = name_of("fields", code, names)
        lines.append(SectionLine(code, name))
    intro = _("Marketing hands every lead over with these data, else it stays with marketing:")
    return SectionBody(intro, lines)


def reasons(content: Content, names: Names) -> SectionBody:
    """Write the reasons to reject a lead, by class."""
    by_class: dict[str, list[SectionLine]] = {kind: [] for kind in RejectionClass}
    for reason in content["rejection_reasons"]:
        line = SectionLine(reason["code"], _reason(reason))
        by_class[reason["class"]].append(line)
    lines = []
    for kind in RejectionClass:
        if by_class[kind]:
            lines.append(SectionLine(kind, str(kind.label), by_class[kind]))
    intro = _("A rep may reject a lead before contact for one of these reasons only:")
    return SectionBody(intro, lines)


def _reason(reason: dict[str, Any]) -> str:
    name = in_language(reason["name"])
    if not reason["needs_comment"]:
        return name
    return _("%(reason)s (with a comment)") % {"reason": name}
