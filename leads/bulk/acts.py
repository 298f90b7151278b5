"""One act on many leads: prepare it with its leads, start it once, work on it lead by lead.

Work is claimed by the row of the act, with SKIP LOCKED: the request that starts an act and any
number of workers may work on it, and each lead is handled once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib import clock
from crm.lib.bilingual import LANGUAGES
from crm.lib.db import availability
from crm.lib.errors import DomainError
from crm.lib.number_formats import number
from leads.bulk.states import BulkResult
from leads.bulk.steps import STEPS, Chosen, chosen_for, reason_of
from leads.models import BulkAct, BulkItem, Lead

log = logging.getLogger("relevo.bulk")

MOST = 5000  # leads of one act
DIRECTLY = 200  # leads: up to so many the request itself works on, for a while
DIRECTLY_FOR = 10  # seconds; workers do what is left
BATCH = 20  # leads in one transaction, each in a savepoint of its own
UNSTARTED_FOR = timedelta(days=1)
RESULTS_FOR = timedelta(days=30)


class NothingChosen(DomainError):
    """No lead was chosen, or none that the person may see."""

    code = "nothing_chosen"


class TooMany(DomainError):
    """More leads than one act takes."""

    code = "too_many"


@transaction.atomic
def prepare(kind: str, leads: QuerySet[Lead], *, by: User, came_from: str = "") -> BulkAct:
    """Prepare an act on ``leads``, which are those that ``by`` may see. Nothing happens to them.

    ``came_from``: the filters of the list that it was chosen in, to go back there.

    Raises NothingChosen, TooMany.
    """
    # The leads are fixed here: the confirmation names their number, and no other lead is touched.
    ids = list(leads.order_by("-first_seen_on", "-pk").values_list("pk", flat=True)[: MOST + 1])
    if not ids:
        raise NothingChosen(_("Choose at least one lead."))
    if len(ids) > MOST:
        text = _("One act takes %(most)s leads at most. Narrow the list by its filters.")
        raise TooMany(text % {"most": number(MOST)})
    options = {"came_from": came_from}
    act = BulkAct.objects.create(kind=kind, by=by, total=len(ids), options=options)
    BulkItem.objects.bulk_create(BulkItem(act=act, lead_id=pk) for pk in ids)
    return act


def start(act: BulkAct, options: dict[str, Any], *, at: datetime) -> bool:
    """Start a prepared act; return False if it was started before, as by a double click."""
    unstarted = BulkAct.objects.filter(pk=act.pk, started_at__isnull=True)
    return bool(unstarted.update(options=act.options | options, started_at=at))


def at_once(act: BulkAct) -> None:
    """Work on a small act in the request that started it; workers do the rest."""
    if act.total <= DIRECTLY:
        work(DIRECTLY_FOR, only=act.pk)


def work(seconds: float, *, only: int | None = None) -> int:
    """Work on acts for about ``seconds``, or until nothing is left; return the number of batches.

    ``only`` restricts the work to one act.
    """
    until = clock.wall() + timedelta(seconds=seconds)
    done = 0
    while clock.wall() < until and _step(only):
        done += 1
    return done


@transaction.atomic
def _step(only: int | None) -> bool:
    """Work on one batch of the oldest unclaimed act. Return False if there is none."""
    rows = BulkAct.objects.filter(started_at__isnull=False, finished_at__isnull=True)
    if only is not None:
        rows = rows.filter(pk=only)
    claimed = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
    act = claimed.select_related("by").order_by("id").first()
    if act is None:
        return False
    items = list(act.items.filter(result="").order_by("id")[:BATCH])
    chosen = chosen_for(act)
    at = clock.now()
    # Leads are locked in the order of their ids everywhere, so that no two wait for each other.
    for item in sorted(items, key=attrgetter("lead_id")):
        _handle(item, act, chosen, at=at)
    if len(items) < BATCH:
        act.finished_at = at
        act.save(update_fields=["finished_at"])
    return True


def _handle(item: BulkItem, act: BulkAct, chosen: Chosen, *, at: datetime) -> None:
    """Do the act on one lead and store the result.

    A lead that is skipped is tried once in each language, since the step words its refusal when
    it raises: the reason is read later, in the language of then.
    """
    reasons: dict[str, str] = {}
    for language in LANGUAGES:
        with translation.override(language):
            reason = _try(item, act, chosen, at=at)
        if not reason:
            item.result = BulkResult.DONE
            item.reasons = {}
            break
        reasons[language] = reason
    else:
        item.result = BulkResult.SKIPPED
        item.reasons = reasons
    item.save(update_fields=["result", "reasons"])


def _try(item: BulkItem, act: BulkAct, chosen: Chosen, *, at: datetime) -> str:
    """Do the act on one lead. Return why it was skipped, or an empty text if it is done."""
    try:
        # A savepoint: if the step skips the lead, its writes are rolled back.
        with transaction.atomic():
            lead = _visible(act.by).get(pk=item.lead_id)
            STEPS[act.kind](lead, chosen, by=act.by, at=at)
    except Lead.DoesNotExist:
        return _("You do not see this lead any more, or it is archived.")
    except DomainError as error:
        return reason_of(error)
    except Exception as error:
        if not availability.blames_row(error):
            raise
        log.exception("lead %s of act %s failed", item.lead_id, act.pk)
        return _("Something went wrong on our side; this lead was not changed.")
    return ""


def _visible(user: User) -> QuerySet[Lead]:
    rows = Lead.objects.visible_to(user).with_names()
    return rows.select_related("marketing_team").filter(archived_at__isnull=True)


# -- Results


def counts(act: BulkAct) -> dict[str, int]:
    """Return how many leads are done, skipped, handled so far, and waiting."""
    rows = act.items.order_by().values_list("result").annotate(n=Count("pk"))
    totals = dict(rows)
    done = totals.get(BulkResult.DONE, 0)
    skipped = totals.get(BulkResult.SKIPPED, 0)
    return {
        "done": done,
        "skipped": skipped,
        "handled": done + skipped,
        "waiting": totals.get("", 0),
    }


@dataclass(frozen=True)
class ItemShown:
    """A lead of an act, and why it was skipped, as a person may read it.

    ``lead`` is None where it is out of sight by now; ``reason``, which may name people, is empty.
    """

    lead: Lead | None
    reason: str = ""


def items_of(act: BulkAct, *results: str, reader: User, most: int) -> list[ItemShown]:
    """Return the first items with one of ``results``, by the sight of now. Two queries."""
    items = list(act.items.filter(result__in=results).order_by("id")[:most])
    seen = Lead.objects.visible_to(reader).with_names()
    leads = seen.in_bulk([item.lead_id for item in items])
    shown = []
    for item in items:
        lead = leads.get(item.lead_id)
        shown.append(ItemShown(lead, item.reason) if lead else ItemShown(None))
    return shown


def tidy(*, at: datetime) -> None:
    """Delete acts that were not confirmed within a day, and results after 30 days."""
    unstarted = Q(started_at__isnull=True, created_at__lt=at - UNSTARTED_FOR)
    old = Q(finished_at__lt=at - RESULTS_FOR)
    BulkAct.objects.filter(unstarted | old).delete()
