"""The checklist: the steps of the set-up, their state, and which one comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Organisation


@dataclass(frozen=True)
class SetupStep:
    """One page of the set-up; ``key`` is also the end of its path and of its URL name."""

    key: str
    label: str | Promise
    blurb: str | Promise
    icon: str

    @property
    def url_name(self) -> str:
        return f"setup_{self.key}"


STEPS = (
    SetupStep(
        key="organisation",
        label=_("Organisation"),
        blurb=_("Name, language, currency, time zone, country"),
        icon="building-2",
    ),
    SetupStep(
        key="holidays",
        label=_("Holidays"),
        blurb=_("Days on which no clock runs"),
        icon="calendar-off",
    ),
    SetupStep(
        key="hours",
        label=_("Working hours"),
        blurb=_("When a promised hour counts"),
        icon="clock",
    ),
    SetupStep(
        key="teams",
        label=_("Teams and people"),
        blurb=_("Who brings leads and who takes them"),
        icon="users",
    ),
    SetupStep(
        key="persona",
        label=_("Buyer persona"),
        blurb=_("Whom you want to sell to"),
        icon="user-search",
    ),
    SetupStep(
        key="agreement",
        label=_("Agreement"),
        blurb=_("What marketing and sales promise each other"),
        icon="handshake",
    ),
    SetupStep(
        key="test",
        label=_("Test lead"),
        blurb=_("Send one through and watch"),
        icon="send",
    ),
)
KEYS = tuple(step.key for step in STEPS)


@dataclass(frozen=True)
class StepState:
    """A step with its state: done, skipped or open."""

    step: SetupStep
    state: str

    @property
    def is_behind(self) -> bool:
        return self.state != "open"


def is_open(organisation: Organisation) -> bool:
    """Return whether the checklist is still shown: not finished, or no organisation exists yet."""
    # people.organisation() returns an unsaved row while there is none.
    return organisation.setting_up or organisation._state.adding


def step_states(organisation: Organisation) -> list[StepState]:
    """Return every step with its state, in order."""
    states = organisation.setup_steps
    return [StepState(step, states.get(step.key, "open")) for step in STEPS]


def next_step(organisation: Organisation, key: str = "") -> SetupStep | None:
    """Return the next open step after ``key``, else the first open one, or None."""
    open_steps = [each.step for each in step_states(organisation) if not each.is_behind]
    position = -1
    if key:
        position = KEYS.index(key)
    for step in open_steps:
        if KEYS.index(step.key) > position:
            return step
    # Round again: what was left open on the way is offered at the end.
    return next(iter(open_steps), None)
