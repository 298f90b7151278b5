"""Comment, propose, sign with the password, reopen, discard, begin the next version or another
agreement.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.accounts.models import User
from crm.audit.models import Entry
from sla.agreements import agreements, drafts, proposals
from sla.models import Agreement, AgreementVersion, Calendar, Comment, Signature
from sla.views import agreement_steps
from tests import factories
from tests.factories import PASSWORD, Cast
from tests.sla.conftest import NOON, Browser

pytestmark = pytest.mark.django_db


def test_comment_stands_beside_its_section_with_its_answer(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    path = f"/agreement/{draft.pk}/comment/"
    browser(cast.dora).post(path, {"section": "sales", "text": "Two hours are short"})
    first = Comment.objects.get()
    answer = browser(cast.luis).post(
        path, {"section": "sales", "text": "Three?", "answers": first.pk}
    )
    assert answer["Location"] == f"/agreement/{draft.pk}/#sales"
    parts = {
        part.section.key: part
        for part in browser(cast.ana).get(f"/agreement/{draft.pk}/").context["parts"]
    }
    said = [
        (t.comment.payload["text"], [r.payload["text"] for r in t.replies])
        for t in parts["sales"].threads
    ]
    assert (said, parts["sales"].count, parts["mql"].count) == (
        [("Two hours are short", ["Three?"])],
        2,
        0,
    )


@pytest.mark.parametrize(
    ("name", "status"), [("luis", 302), ("dora", 302), ("elsa", 302), ("ana", 403), ("root", 403)]
)
def test_leads_of_both_sides_and_the_director_comment(
    cast: Cast, draft: AgreementVersion, browser: Browser, name: str, status: int
) -> None:
    answer = browser(getattr(cast, name)).post(
        f"/agreement/{draft.pk}/comment/", {"section": "mql", "text": "Yes"}
    )
    assert answer.status_code == status


def test_empty_comment_comes_back_beside_its_field(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    answer = browser(cast.luis).post(
        f"/agreement/{draft.pk}/comment/", {"section": "mql", "text": " ", "answers": ""}
    )
    assert answer.status_code == 422
    assert "Write what you want to say." in answer.content.decode()


def test_proposing_closes_the_text_with_its_labels(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    browser(cast.luis).post(f"/agreement/{draft.pk}/propose/", shown(draft))
    draft.refresh_from_db()
    assert (draft.state, sorted(draft.text["labels"])) == (
        "proposed",
        ["actions", "criteria", "fields", "pauses", "personas", "sources"],
    )


def shown(version: AgreementVersion) -> dict[str, str]:
    """What the forms of the page of ``version`` carry."""
    return {"shown": agreements.fingerprint(version)}


def signing(browser: Browser, user: object, version: AgreementVersion, **changes: str) -> object:
    fields = {"password": PASSWORD, "sha": version.content_hash, **changes}
    return browser(user).post(f"/agreement/{version.pk}/sign/", fields)


def test_both_sides_sign_and_it_is_in_force(
    cast: Cast, proposed: AgreementVersion, browser: Browser
) -> None:
    signing(browser, cast.luis, proposed)
    signing(browser, cast.dora, proposed)
    proposed.refresh_from_db()
    cast.agreement.refresh_from_db()
    assert (proposed.state, cast.agreement.state) == ("in_force", "superseded")


def test_wrong_password_signs_nothing(
    cast: Cast, proposed: AgreementVersion, browser: Browser
) -> None:
    answer = signing(browser, cast.luis, proposed, password="not mine")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["password"])
    assert not Signature.objects.filter(version=proposed).exists()


def test_text_that_changed_under_the_page_is_not_signed(
    cast: Cast, proposed: AgreementVersion, browser: Browser
) -> None:
    assert signing(browser, cast.luis, proposed, sha="0" * 64).status_code == 409
    assert not Signature.objects.filter(version=proposed).exists()


def test_guessing_the_password_is_stopped(
    cast: Cast, proposed: AgreementVersion, browser: Browser
) -> None:
    statuses = [
        signing(browser, cast.luis, proposed, password=f"guess {n}").status_code for n in range(6)
    ]
    assert statuses == [422] * 5 + [429]


def edited(version: AgreementVersion, by: User) -> None:
    seen = AgreementVersion.objects.get(pk=version.pk).revision
    drafts.edit(version, by=by, at=NOON, seen=seen, capacity=70)


def reopened(version: AgreementVersion, by: User) -> None:
    proposals.reopen(version, by=by, at=NOON)


def closed_anew(version: AgreementVersion, by: User) -> None:
    """Another text is closed now."""
    reopened(version, by)
    edited(version, by)
    proposals.propose(version, by=by, at=NOON)


def other_hours(version: AgreementVersion, by: User) -> None:
    """The text of a draft changes with its calendar, too."""
    Calendar.objects.filter(pk=version.calendar_id).update(name="Otra oficina")


def signed_by_marketing(version: AgreementVersion, by: User) -> None:
    leader = User.objects.get(name="Luis Ferrer")
    factories.sign(version, "marketing", by=leader, at=NOON)


@pytest.mark.parametrize("is_late", [False, True], ids=["before", "while it is read"])
@pytest.mark.parametrize(
    ("step", "state", "change"),
    [
        ("sign", "proposed", closed_anew),
        ("sign", "proposed", reopened),
        ("propose", "draft", edited),
        ("propose", "draft", other_hours),
        ("discard", "draft", edited),
        ("discard", "draft", closed_anew),
        ("reopen", "proposed", closed_anew),
        ("reopen", "proposed", signed_by_marketing),
    ],
)
def test_page_acts_on_what_it_showed_and_on_nothing_else(
    cast: Cast,
    draft: AgreementVersion,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    state: str,
    change: Callable[[AgreementVersion, User], None],
    is_late: bool,
) -> None:
    if state == "proposed" or change is closed_anew:
        proposals.propose(draft, by=cast.luis, at=NOON)
    version = AgreementVersion.objects.get(pk=draft.pk)
    sent = {**shown(version), "sha": version.content_hash, "why": "Once more", "password": PASSWORD}
    entries = []

    def change_it() -> None:
        change(version, cast.dora)
        entries.append(Entry.objects.count())

    if is_late:
        # After the view has read the version, and before it is locked.
        read = agreement_steps.fetch

        def read_early(pk: int) -> AgreementVersion:
            found = read(pk)
            monkeypatch.setattr(agreement_steps, "fetch", read)
            change_it()
            return found

        monkeypatch.setattr(agreement_steps, "fetch", read_early)
    else:
        change_it()
    answer = browser(cast.dora).post(f"/agreement/{draft.pk}/{step}/", sent)
    # Every step has an audit entry.
    assert (answer.status_code, [Entry.objects.count()]) == (409, entries)


@pytest.mark.parametrize("name", ["ana", "bea", "elsa", "root"])
def test_nobody_else_signs(
    cast: Cast, proposed: AgreementVersion, browser: Browser, name: str
) -> None:
    assert signing(browser, getattr(cast, name), proposed).status_code == 403


def test_side_that_has_signed_is_not_asked_again(
    cast: Cast, half_signed: AgreementVersion, browser: Browser
) -> None:
    assert signing(browser, cast.luis, half_signed)["Location"] == f"/agreement/{half_signed.pk}/"
    assert Signature.objects.filter(version=half_signed).count() == 1


def test_reopening_asks_why(cast: Cast, half_signed: AgreementVersion, browser: Browser) -> None:
    path = f"/agreement/{half_signed.pk}/reopen/"
    assert list(browser(cast.dora).post(path, {"why": ""}).context["form"].errors) == ["why"]
    browser(cast.dora).post(path, {"why": "One more thing", **shown(half_signed)})
    half_signed.refresh_from_db()
    assert (half_signed.state, half_signed.round) == ("draft", 2)


def test_next_version_begins_as_a_draft(cast: Cast, browser: Browser) -> None:
    answer = browser(cast.dora).post(f"/agreement/{cast.agreement.pk}/next/")
    draft = AgreementVersion.objects.get(number=2)
    assert (answer["Location"], draft.state) == (f"/agreement/{draft.pk}/edit/", "draft")


def test_discarded_draft_stays_readable(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    browser(cast.luis).post(f"/agreement/{draft.pk}/discard/", shown(draft))
    assert browser(cast.ana).get(f"/agreement/{draft.pk}/").context["version"].state == "discarded"


def test_agreement_for_some_teams_begins_with_what_binds_them(cast: Cast, browser: Browser) -> None:
    fields = {"name": "South", "teams": [cast.other_sales.pk]}
    answer = browser(cast.luis).post("/agreement/new/", fields)
    draft = AgreementVersion.objects.get(agreement__name="South")
    assert answer["Location"] == f"/agreement/{draft.pk}/edit/"
    assert (draft.state, draft.commitments.count(), list(draft.agreement.teams.all())) == (
        "draft",
        6,
        [cast.other_sales],
    )


def test_agreement_for_no_team_is_refused_by_name(cast: Cast, browser: Browser) -> None:
    answer = browser(cast.luis).post("/agreement/new/", {"name": "South"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["teams"])
    assert Agreement.objects.count() == 1


def test_comment_on_a_text_that_was_closed_meanwhile_is_not_lost(
    cast: Cast, draft: AgreementVersion, browser: Browser
) -> None:
    browser(cast.luis).post(f"/agreement/{draft.pk}/discard/", shown(draft))
    answer = browser(cast.dora).post(
        f"/agreement/{draft.pk}/comment/", {"section": "mql", "text": "Two hours are short"}
    )
    assert (answer.status_code, Comment.objects.count()) == (409, 0)
    assert "Two hours are short</textarea>" in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_reason_to_reopen_what_is_a_draft_already_is_not_lost(
    cast: Cast, half_signed: AgreementVersion, browser: Browser
) -> None:
    path = f"/agreement/{half_signed.pk}/reopen/"
    browser(cast.luis).post(path, {"why": "First", **shown(half_signed)})
    answer = browser(cast.dora).post(path, {"why": "The window is too short"})
    assert answer.status_code == 409
    assert "The window is too short</textarea>" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "metric", "status"),
    [
        ("luis", "package_complete", 302),
        ("dora", "feedback", 302),
        ("ana", "feedback", 403),
        ("luis", "dispute", 404),
    ],
)
def test_usual_promise_joins_the_next_draft(
    cast: Cast, browser: Browser, name: str, metric: str, status: int
) -> None:
    path = f"/agreement/{cast.agreement.pk}/promise/{metric}/"
    answer = browser(getattr(cast, name)).post(path)
    drafted = AgreementVersion.objects.filter(state="draft", commitments__metric=metric)
    assert (answer.status_code, drafted.count()) == (status, int(status == 302))


@pytest.mark.parametrize(("name", "count"), [("luis", 1), ("ana", 0)])
def test_page_offers_each_promise_that_is_not_agreed(
    cast: Cast, browser: Browser, name: str, count: int
) -> None:
    page = browser(getattr(cast, name)).get(f"/agreement/{cast.agreement.pk}/")
    button = f'action="/agreement/{cast.agreement.pk}/promise/feedback/"'
    assert page.content.decode().count(button) == count
