"""The checklist: which steps a new organisation takes, which are behind it, and which
comes next.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Organisation


@dataclass(frozen=True)
class Step:
    """One page of the set-up; ``key`` is also the end of its address and of its URL's name."""

    key: str
    label: str | Promise
    blurb: str | Promise
    icon: str

    @property
    def url_name(self) -> str:
        return f"setup_{self.key}"


STEPS = (
    Step(
        "organisation",
        _("Organisation"),
        _("Name, language, currency, time zone, country"),
        "building-2",
    ),
    Step("holidays", _("Holidays"), _("Days on which no clock runs"), "calendar-off"),
    Step("hours", _("Working hours"), _("When a promised hour counts"), "clock"),
    Step("teams", _("Teams and people"), _("Who brings leads and who takes them"), "users"),
    Step("persona", _("Buyer persona"), _("Whom you want to sell to"), "user-search"),
    Step(
        "agreement", _("Agreement"), _("What marketing and sales promise each other"), "handshake"
    ),
    Step("test", _("Test lead"), _("Send one through and watch"), "send"),
)
KEYS = tuple(step.key for step in STEPS)


@dataclass(frozen=True)
class Standing:
    """A step and where it stands: done, skipped or open."""

    step: Step
    state: str

    @property
    def is_behind(self) -> bool:
        return self.state != "open"


def is_open(organisation: Organisation) -> bool:
    """Whether the checklist is still to be shown: it was not finished, or there is no organisation
    yet.
    """
    return organisation.setting_up or organisation._state.adding


def standings(organisation: Organisation) -> list[Standing]:
    return [Standing(step, organisation.setup_steps.get(step.key, "open")) for step in STEPS]


def following(organisation: Organisation, key: str = "") -> Step | None:
    """The next open step after ``key``, else the first one left open; None when all are behind."""
    found = [standing.step for standing in standings(organisation) if not standing.is_behind]
    after = KEYS.index(key) if key else -1
    return next(
        (step for step in found if KEYS.index(step.key) > after), found[0] if found else None
    )
