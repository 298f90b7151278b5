"""The order of answers to a step, page and API alike: sight (404), role (403), state (409)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from crm.accounts.models import User
from leads import handoffs, permissions, steps
from leads.conflicts import MovedOn
from leads.models import Handoff, Lead
from leads.permissions import Permission
from leads.states import HandoffState
from tests import factories
from tests.api.caller import Caller, key_of
from tests.conftest import Moment, execute
from tests.factories import Cast, when

pytestmark = pytest.mark.django_db
LATER = when("2026-03-02 12:30")
PEOPLE = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


@pytest.fixture(scope="module")
def world(within: Callable[[Callable[[], object]], None]) -> Iterator[SimpleNamespace]:
    """Everybody, and leads whose state was changed while others looked at them.

    ``requeued``: accepted by Bea, put back by Dora. ``won``: by Bea. ``withdrawn``: by Ana.
    ``archived``: by nobody. Steps that are refused change nothing, so that all tests share them.
    """
    found = SimpleNamespace()

    def make() -> None:
        Moment(execute).set(LATER)
        found.cast = factories.cast()
        accepted = factories.accepted(found.cast)
        found.requeued = handoffs.requeue(accepted, by=found.cast.dora, at=LATER, cause="test")
        found.won = factories.won(found.cast)
        found.withdrawn = factories.withdrawn(found.cast)
        found.archived = factories.lead(found.cast)
        Lead.objects.filter(pk=found.archived.pk).update(archived_at=LATER)
        found.asks = {name: Caller(key_of(getattr(found.cast, name))) for name in PEOPLE}

    within(make)
    yield found


@dataclass(frozen=True)
class Late:
    """A step that comes too late.

    ``page`` and ``api``: its addresses, with the id of ``subject``; empty where there is none.
    ``role``: a person of the role who sees the subject; ``wrong``: one who sees it without it.
    ``handoff``: the one that the answer is about, where the address has the id of its lead.
    """

    page: str
    api: str
    subject: str
    role: str
    wrong: str = "elsa"
    handoff: str = ""

    @property
    def now(self) -> tuple[str, str, str]:
        return NOW[self.handoff or self.subject]


HANDOFF = "handoffs/{}/"
LEAD = "leads/{}/"
REQUEUED = [
    ("attempt", "contact"),
    ("sql", "qualify"),
    ("opportunity", "opportunity"),
    ("expect", "expect"),
    ("win", "win"),
    ("lose", "lose"),
    ("disqualify", "disqualify"),
    ("pause", "pause"),
    ("resume", "resume"),
    ("amount", "amount"),
    ("reopen", "reopen"),
]
LATE = [
    *(Late(f"{HANDOFF}{page}/", f"{HANDOFF}{api}/", "requeued", "bea") for page, api in REQUEUED),
    Late(f"{HANDOFF}undo/", "", "requeued", "bea"),
    Late(f"{HANDOFF}reassign/", "", "requeued", "elsa", wrong="bea"),
    Late(f"{HANDOFF}requeue/", "", "won", "dora", wrong="bea"),
    Late(f"{HANDOFF}reassign/", "", "won", "dora", wrong="bea"),
    Late(f"{HANDOFF}accept/", f"{HANDOFF}accept/", "won", "bea"),
    Late(f"{HANDOFF}accept-as-sql/", "", "won", "dora"),
    Late(f"{HANDOFF}reject/", f"{HANDOFF}reject/", "won", "bea"),
    Late(f"{HANDOFF}withdraw/", f"{HANDOFF}withdraw/", "won", "ana", wrong="bea"),
    Late(f"{HANDOFF}pause/", f"{HANDOFF}pause/", "won", "bea", wrong="ana"),
    Late(f"{HANDOFF}attempt/", f"{HANDOFF}contact/", "won", "dora", wrong="luis"),
    Late(f"{LEAD}mql/", "", "won.lead", "ana"),
    Late(f"{LEAD}hand-off/", f"{LEAD}handoffs/", "won.lead", "luis"),
    Late(
        f"{LEAD}evidence/budget/",
        f"{LEAD}evidence/",
        "requeued.lead",
        "bea",
        handoff="requeued",
    ),
    Late(f"{LEAD}override/size/", "", "requeued.lead", "ana"),
    Late(f"{LEAD}actions/", f"{LEAD}actions/", "requeued.lead", "bea"),
    Late(f"{LEAD}actions/", f"{LEAD}actions/", "archived", "ana"),
    Late(f"{LEAD}edit/", "", "archived", "ana"),
    Late(f"{LEAD}notes/", "", "archived", "ana", wrong=""),
]
NOW = {
    "requeued": ("pending", "Pending", "Dora Salinas"),
    "requeued.lead": ("handed_off", "Handed off", "Dora Salinas"),
    "won": ("won", "Won", "Bea Quintero"),
    "won.lead": ("won", "Won", "Bea Quintero"),
    "archived": ("captured", "Captured", "Ana Robles"),
}


def subject(world: SimpleNamespace, path: str) -> Any:
    found = world
    for name in path.split("."):
        found = getattr(found, name)
    return found


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


@pytest.mark.parametrize("late", LATE, ids=lambda late: f"{late.subject} {late.page}")
def test_late_step_on_a_page(world: SimpleNamespace, late: Late) -> None:
    path = "/" + late.page.format(subject(world, late.subject).pk)
    answers = {
        name: browser(getattr(world.cast, name)).post(path)
        for name in (late.role, late.wrong, "extra")
        if name
    }
    expected = {late.role: 409, late.wrong: 403, "extra": 404}
    expected.pop("", None)
    assert {name: answer.status_code for name, answer in answers.items()} == expected
    _state, label, name = late.now
    text = answers[late.role].content.decode()
    assert (f"State now: {label}." in text, name in text) == (True, True)
    assert "accepted this lead" not in text


@pytest.mark.parametrize(
    "late", [late for late in LATE if late.api], ids=lambda late: f"{late.subject} {late.api}"
)
def test_late_step_over_the_api(world: SimpleNamespace, late: Late) -> None:
    path = late.api.format(subject(world, late.subject).pk)
    answers = {name: world.asks[name].post(path) for name in (late.role, late.wrong, "extra")}
    expected = {late.role: 409, late.wrong: 403, "extra": 404}
    assert {name: status for name, (status, _body) in answers.items()} == expected
    state, _label, name = late.now
    problem = answers[late.role][1]
    assert (problem["state"], problem["changed_by"]["name"]) == (state, name)


# -- Every step in every state, without a page

WORK = {
    "can_work": "accepted contacted sql opportunity",
    "can_pause": "accepted contacted",
    "can_qualify_sql": "accepted contacted",
    "can_open_opportunity": "sql",
    "can_expect": "opportunity",
    "can_win": "sql opportunity",
    "can_lose": "sql opportunity",
    "can_disqualify": "contacted sql",
    "can_correct_amount": "won",
    "can_reopen": "won lost disqualified",
}
POSSIBLE = {
    "can_decide": "pending",
    "can_withdraw": "pending",
    "can_requeue": "pending accepted",
    "can_reassign": "accepted contacted sql opportunity",
    **WORK,
}
ROLES = {
    "can_decide": {"bea", "cruz", "dora"},
    "can_withdraw": {"ana", "luis"},
    "can_requeue": {"dora"},
    "can_reassign": {"dora", "elsa"},
    # Of a handoff that Bea has; while it has no owner, as can_decide.
    **{name: {"bea", "dora"} for name in WORK},
}
OWNERLESS = (HandoffState.PENDING, HandoffState.REJECTED, HandoffState.WITHDRAWN)


@pytest.mark.parametrize("name", POSSIBLE)
def test_step_asks_the_role_in_every_state_and_then_the_state(
    world: SimpleNamespace, name: str
) -> None:
    permission: Permission = getattr(permissions, name)
    cast: Cast = world.cast
    handoff = Handoff.objects.select_related("lead").get(pk=world.won.pk)
    for state in HandoffState:
        handoff.state = state
        handoff.owner = None if state in OWNERLESS else cast.bea
        roles = ROLES[name]
        if state in OWNERLESS and name in WORK:
            roles = ROLES["can_decide"]
        for person in PEOPLE:
            user = getattr(cast, person)
            is_possible = state in POSSIBLE[name].split()
            assert permission(user, handoff) == (person in roles and is_possible)
            if person not in roles:
                with pytest.raises(PermissionDenied):
                    steps.check(user, handoff, permission)
            elif is_possible:
                assert steps.check(user, handoff, permission) == permission
            elif person == min(roles):
                with pytest.raises(MovedOn):
                    steps.check(user, handoff, permission)
