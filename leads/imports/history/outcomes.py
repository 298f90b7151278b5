"""Import what became of leads in another system: won or lost, by whom, for how much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crm.accounts import people
from crm.accounts.models import User
from leads.follow_up import next_steps
from leads.handoffs import stages
from leads.imports.history.leads import HistoryImporter, contradiction
from leads.imports.pipeline import BatchResult
from leads.imports.problems import Problem
from leads.imports.problems import deferred as _
from leads.imports.readings import EXTERNAL_ID, Reading
from leads.models import Event, Handoff, Lead
from leads.states import OPEN, Stage

PEOPLE = ("qualified_by", "won_by")
ENDED = (Stage.WON, Stage.LOST, Stage.DISQUALIFIED)
# Left by sales here: marketing or the arbiter decides what becomes of them.
LEFT = (Stage.RETURNED, Stage.CLOSED, Stage.RECYCLED)


class ImportedOutcomes(HistoryImporter):
    """Importer of outcomes of leads that are here already.

    A recorded outcome is never changed: an equal one counts as known, another one is rejected, and
    so is one for a lead that sales works on here.
    """

    def write(self, readings: Sequence[Reading]) -> BatchResult:
        """Close the leads of the rows as won or lost, with the people who did it."""
        result = BatchResult()
        # The ids of a batch that leads of more than one team have.
        self.ambiguous: set[str] = set()
        leads = self._leads(readings)
        # After the lock: a hand-off locks the lead, so none can begin from here on.
        worked = self._worked_on(leads.values())
        fresh = [each for each in readings if self._closes(each, leads, worked, result)]
        persons = self._people(fresh, result)
        events: list[Event] = []
        for reading in fresh:
            lead = leads[reading.get(EXTERNAL_ID)]
            events.append(self._close(lead, reading, persons))
            is_unpriced = lead.stage == Stage.WON and lead.won_amount is None
            result.count(new=1, flagged=int(lead.won_before_first_seen), unpriced=int(is_unpriced))
        Event.objects.bulk_create(events)
        # Marketing may have planned something for a lead that is over now.
        next_steps.end_many([event.lead_id for event in events], at=self.at)
        return result

    def _leads(self, readings: Sequence[Reading]) -> dict[str, Lead]:
        """Return the leads that the rows name, locked, by their external id."""
        ids = [reading.get(EXTERNAL_ID) for reading in readings if reading.get(EXTERNAL_ID)]
        rows = Lead.objects.filter(
            archived_at__isnull=True, external_system=self.system, external_id__in=ids
        )
        # Only the lead's own row: the people may be null, and PostgreSQL refuses FOR UPDATE on the
        # nullable side of an outer join.
        locked = rows.select_for_update(of=("self",)).select_related("won_by", "qualified_by")
        by_id: dict[str, Lead] = {}
        for lead in locked:
            if lead.external_id in by_id:
                self.ambiguous.add(lead.external_id)
            by_id[lead.external_id] = lead
        return by_id

    def _worked_on(self, leads: Iterable[Lead]) -> set[int]:
        """Return the leads that have an open handoff."""
        rows = Handoff.objects.filter(lead__in=leads, state__in=OPEN)
        return set(rows.values_list("lead_id", flat=True))

    def _closes(
        self, reading: Reading, leads: dict[str, Lead], worked: set[int], result: BatchResult
    ) -> bool:
        """Return whether the row closes a lead; others are counted or rejected in ``result``."""
        external_id = reading.get(EXTERNAL_ID)
        lead = leads.get(external_id)
        if not external_id:
            result.reject(reading, _("external_id: is not given"))
            return False
        if external_id in self.ambiguous:
            names = {"system": self.system, "id": external_id}
            text = _("external_id: several teams have a lead %(system)s %(id)s")
            result.reject(reading, text % names)
            return False
        if lead is None:
            names = {"system": self.system, "id": external_id}
            result.reject(reading, _("external_id: no lead %(system)s %(id)s is here") % names)
            return False
        outcome = reading.get("outcome")
        if not outcome:
            result.count(undecided=1)
            return False
        if not reading.get(f"{outcome}_on"):
            result.reject(reading, _("%(field)s: is not given") % {"field": f"{outcome}_on"})
            return False
        if lead.pk in worked:
            problem = _("outcome: sales works on this lead here; close it in Relevo")
            result.reject(reading, problem, contradicts=True)
            return False
        if lead.stage in LEFT:
            problem = _("outcome: sales sent this lead back here, or it is parked or closed")
            result.reject(reading, problem, contradicts=True)
            return False
        # Also for a lead that has ended: an equal row is known, another one is a contradiction.
        differences = self._differences(lead, reading)
        if differences:
            result.reject(reading, differences, contradicts=True)
            return False
        if lead.stage in ENDED:
            result.count(known=1, flagged=int(lead.won_before_first_seen))
            return False
        return True

    def _differences(self, lead: Lead, reading: Reading) -> list[Problem]:
        """Return where the row contradicts the lead.

        Of a lead still open, only the people can.
        """
        differences: list[Problem] = []
        if lead.stage in ENDED:
            outcome = reading.get("outcome")
            if lead.stage != outcome:
                return [contradiction("outcome", lead.stage_label)]
            facts = {f"{outcome}_on": getattr(lead, f"{outcome}_on")}
            if outcome == Stage.WON:
                facts["amount"] = lead.won_amount
            for name, value in facts.items():
                if value != reading.get(name):
                    differences.append(contradiction(name, value))
        for part in PEOPLE:
            if self._contradicts_person(lead, part, reading):
                differences.append(contradiction(part, getattr(lead, part)))
        return differences

    def _contradicts_person(self, lead: Lead, part: str, reading: Reading) -> bool:
        person: User | None = getattr(lead, part)
        named = _person_named(part, reading)
        if person and named:
            return not self._is(person, named)
        if lead.stage in ENDED:
            # What is recorded is complete: a person more or less is another outcome.
            return person is not None or named is not None
        return False

    def _key(self, person: str) -> str:
        """Return a person's external id here: equal ids of two systems are two people."""
        return f"{self.system}:{person}"

    def _is(self, person: User, named: str) -> bool:
        return person.external_id == self._key(named) or person.email == named.lower()

    def _people(self, readings: Sequence[Reading], result: BatchResult) -> dict[str, User]:
        """Return the people that the rows name, by their e-mail or id as the file has it.

        Unknown ones are created, inactive.
        """
        texts: set[str] = set()
        for reading in readings:
            for part in PEOPLE:
                named = _person_named(part, reading)
                if named is not None:
                    texts.add(named)
        emails = {text.lower() for text in texts}
        by_email = {user.email: user for user in User.objects.filter(email__in=emails)}
        keys = {text: self._key(text) for text in texts if text.lower() not in by_email}
        known = User.objects.filter(external_id__in=keys.values()).count()
        names = {key: self.mapping.name_of(text) for text, key in keys.items()}
        by_key = people.get_or_create_by_external_id(names, by=self.by, at=self.at)
        result.count(people=len(by_key) - known)
        persons: dict[str, User] = {}
        for text in texts:
            if text in keys:
                persons[text] = by_key[keys[text]]
            else:
                persons[text] = by_email[text.lower()]
        return persons

    def _close(self, lead: Lead, reading: Reading, persons: dict[str, User]) -> Event:
        """Record the outcome on the lead; return the event to write.

        The amount of a lost lead stays in the event alone.
        """
        outcome = Stage(reading.get("outcome"))
        amount = reading.get("amount")
        attributes = reading.group("attributes")
        details: dict[str, Any] = {}
        if amount:
            details["amount"] = str(amount)
        replaced = _replaced(lead, attributes)
        if replaced:
            details["changes"] = replaced
        fields: dict[str, Any] = {
            "version": lead.version + 1,
            "attributes": lead.attributes | attributes,
        }
        for part in PEOPLE:
            named = _person_named(part, reading)
            if named:
                fields[part] = persons[named]
        if outcome == Stage.WON:
            fields["won_amount"] = amount
        # stages.reach() sets the new stage on this object.
        before = lead.stage
        on = reading.get(f"{outcome}_on")
        stages.reach(lead, outcome, on=on, **fields)
        if lead.won_before_first_seen:
            details["before_first_seen"] = True
        original = reading.originals[f"{outcome}_on"]
        event = self._event(lead, outcome, on, original=original, **details)
        event.from_state = before
        return event


def _person_named(part: str, reading: Reading) -> str | None:
    """Return the person that the row names as ``part``; a lost lead has no ``won_by``."""
    if part == "won_by" and reading.get("outcome") != Stage.WON:
        return None
    person: str | None = reading.get(part)
    return person


def _replaced(lead: Lead, attributes: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the attributes of the lead that the row replaces, with their old and new values."""
    changes: dict[str, list[Any]] = {}
    for code in sorted(attributes):
        old = lead.attributes.get(code)
        if code in lead.attributes and old != attributes[code]:
            changes[f"attributes.{code}"] = [old, attributes[code]]
    return changes
