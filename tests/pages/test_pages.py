"""Pages of leads and handoffs: who sees them, what they refuse, how many queries they need."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads import handoffs
from leads.models import Decision, Event, Handoff, Lead
from leads.qualification import overrides
from tests import factories
from tests.factories import HANDED_OFF_AT

pytestmark = pytest.mark.django_db
EVERYBODY = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


def statuses(cast, signed_in, path):
    return {name: signed_in(getattr(cast, name)).get(path).status_code for name in EVERYBODY}


def test_lead_page_of_a_captured_lead_is_marketings_and_the_directors(cast, signed_in):
    lead = factories.lead(cast)
    seen = {"ana": 200, "luis": 200, "elsa": 200}
    assert statuses(cast, signed_in, f"/leads/{lead.pk}/") == dict.fromkeys(EVERYBODY, 404) | seen


def test_lead_page_of_a_pending_lead_is_open_to_the_team_of_its_queue(cast, signed_in):
    lead = factories.handed_off(cast).lead
    seen = {"ana": 200, "luis": 200, "bea": 200, "cruz": 200, "dora": 200, "elsa": 200}
    assert statuses(cast, signed_in, f"/leads/{lead.pk}/") == dict.fromkeys(EVERYBODY, 404) | seen


def test_lead_page_of_an_accepted_lead_closes_to_the_other_rep(cast, signed_in):
    lead = factories.accepted(cast).lead
    seen = {"ana": 200, "luis": 200, "bea": 200, "dora": 200, "elsa": 200}
    assert statuses(cast, signed_in, f"/leads/{lead.pk}/") == dict.fromkeys(EVERYBODY, 404) | seen


def test_new_lead_is_for_marketing_only(cast, signed_in):
    assert statuses(cast, signed_in, "/leads/new/") == dict.fromkeys(EVERYBODY, 403) | {
        "ana": 200,
        "luis": 200,
    }


def test_every_page_asks_for_sign_in(client, db):
    for path in (
        "/",
        "/queue/",
        "/mine/",
        "/leads/",
        "/leads/1/",
        "/alignment/",
        "/notices/",
        "/preferences/",
        "/pulse",
    ):
        assert client.get(path)["Location"].split("?")[0] == "/accounts/login/", path


def test_new_lead_without_anything_to_know_it_by_names_the_field_and_keeps_the_rest(
    cast, signed_in
):
    response = signed_in(cast.ana).post("/leads/new/", {"company": "Café Peña", "job_title": "CEO"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name"]
    assert response.context["form"]["company"].value() == "Café Peña"
    assert Lead.objects.count() == 0


def test_new_lead_with_bad_text_is_cleaned_or_refused_never_an_error(cast, signed_in):
    client = signed_in(cast.ana)
    names = (
        "Ana\x00 Peña",
        "Ana \u202ePeña",
        "Ana\r\n\tPeña",
        "Jos\u0065\u0301",
        "🦜 Loro",
        "x" * 161,
    )
    answers = [client.post("/leads/new/", {"name": name}).status_code for name in names]
    assert answers == [302, 302, 302, 302, 302, 422]
    stored = list(Lead.objects.order_by("pk").values_list("person__name", flat=True))
    assert stored == ["Ana Peña", "Ana Peña", "Ana Peña", "Jos\u00e9", "🦜 Loro"]


def test_edit_of_a_lead_that_moved_on_keeps_what_was_typed(cast, signed_in):
    lead = factories.lead(cast)
    path, form = f"/leads/{lead.pk}/edit/", {"name": "Nombre nuevo", "version": "1"}
    first = signed_in(cast.luis).post(path, {**form, "name": "De Luis"})
    second = signed_in(cast.ana).post(path, form)
    assert (first.status_code, second.status_code) == (302, 409)
    assert second.context["form"]["name"].value() == "Nombre nuevo"
    assert Lead.objects.get().person.name == "De Luis"


def test_hand_off_without_a_valuable_action_is_refused_and_named(cast, signed_in):
    lead = factories.lead(cast, did=None)
    response = signed_in(cast.ana).post(f"/leads/{lead.pk}/hand-off/", {"team": cast.sales.pk})
    assert response.status_code == 422
    assert response.context["assessment"].is_mql is False
    assert Handoff.objects.count() == 0


def test_hand_off_with_an_incomplete_package_names_what_is_missing(cast, signed_in):
    lead = factories.lead(cast, person={"phone": ""}, from_source=None)
    response = signed_in(cast.ana).post(
        f"/leads/{lead.pk}/hand-off/", {"team": cast.sales.pk, "note": "Urgente"}
    )
    assert response.status_code == 422
    assert response.context["missing"] == ["Teléfono", "Fuente"]
    assert response.context["form"]["note"].value() == "Urgente"
    assert Handoff.objects.count() == 0


def test_accept_in_the_queue_answers_with_the_row(cast, signed_in):
    handoff = factories.handed_off(cast)
    response = signed_in(cast.bea).post(
        f"/handoffs/{handoff.pk}/accept/", headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert response.templates[0].name == "leads/_queue_row.html"
    assert Handoff.objects.get().owner == cast.bea


def test_accept_of_a_taken_handoff_is_a_conflict_that_names_the_winner(cast, signed_in):
    handoff = factories.accepted(cast, by=cast.cruz)
    page = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/accept/")
    row = signed_in(cast.bea).post(
        f"/handoffs/{handoff.pk}/accept/", headers={"HX-Request": "true"}
    )
    assert (page.status_code, row.status_code) == (409, 409)
    assert "Cruz Medina" in page.content.decode()
    assert "Cruz Medina" in row.content.decode()
    assert Decision.objects.count() == 1


def test_accept_by_people_outside_the_team_is_hidden_or_forbidden(cast, signed_in):
    handoff = factories.handed_off(cast)
    answers = {
        name: signed_in(getattr(cast, name)).post(f"/handoffs/{handoff.pk}/accept/").status_code
        for name in ("ana", "luis", "elsa", "root", "extra")
    }
    assert answers == {"ana": 403, "luis": 403, "elsa": 403, "root": 404, "extra": 404}
    assert Handoff.objects.get().is_pending


def test_reject_without_a_reason_comes_back_with_the_comment(cast, signed_in):
    handoff = factories.handed_off(cast)
    response = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/reject/", {"comment": "No existe"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["reason"]
    assert response.context["form"]["comment"].value() == "No existe"


def test_reject_with_a_reason_that_needs_a_comment_names_the_comment(cast, signed_in):
    handoff, reason = factories.handed_off(cast), factories.rejection("bad_contact_data")
    response = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/reject/", {"reason": reason.pk})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["comment"]
    assert Handoff.objects.get().is_pending


def test_win_with_a_bad_amount_comes_back_on_the_lead_page(cast, signed_in, moment):
    handoff = factories.contacted(cast)
    factories.prove(handoff.lead, by=cast.bea, at=moment.advance(hours=2))
    client = signed_in(cast.bea)
    client.post(f"/handoffs/{handoff.pk}/sql/")
    answers = [
        client.post(f"/handoffs/{handoff.pk}/win/", {"amount": raw})
        for raw in ("", "0", "-5", "NaN", "abc")
    ]
    assert [(a.status_code, "amount" in a.context["forms"]["win"].errors) for a in answers] == [
        (422, True)
    ] * 5
    assert client.post(f"/handoffs/{handoff.pk}/win/", {"amount": "125000.50"}).status_code == 302
    assert str(Lead.objects.get().won_amount) == "125000.50"


def test_sql_without_proof_is_refused_and_says_what_is_missing(cast, signed_in):
    handoff = factories.contacted(cast)
    response = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/sql/")
    assert response.status_code == 422
    assert "Tiene presupuesto para este año" in response.content.decode()
    assert Handoff.objects.get().state == "contacted"


def test_evidence_of_a_colleagues_lead_cannot_be_written(cast, signed_in):
    handoff = factories.contacted(cast, by=cast.bea)
    form = {"verdict": "met", "value": "x"}
    assert (
        signed_in(cast.cruz).post(f"/leads/{handoff.lead_id}/evidence/budget/", form).status_code
        == 404
    )
    assert Event.objects.filter(kind="evidence").count() == 0


def test_requeue_is_for_the_team_lead(cast, signed_in):
    handoff = factories.accepted(cast)
    path = f"/handoffs/{handoff.pk}/requeue/"
    answers = [
        signed_in(getattr(cast, name)).post(path).status_code
        for name in ("bea", "ana", "elsa", "dora")
    ]
    assert answers == [403, 403, 403, 302]
    assert Handoff.objects.get().is_pending


def test_lists_refuse_unknown_parameters(cast, signed_in):
    client = signed_in(cast.dora)
    paths = (
        "/leads/?colour=red",
        "/leads/?after=x",
        "/queue/?tab=x",
        "/queue/?from=-1",
        "/leads/?stage=x",
    )
    assert [client.get(path).status_code for path in paths] == [400] * 5


def test_search_finds_parts_of_names_companies_mail_and_phone_digits(cast, signed_in):
    factories.lead(
        cast,
        person={"name": "José Peña", "email": "jose@cafe.mx", "phone": "+525512345678"},
        company={"name": "Café Ñandú S.A."},
    )
    factories.lead(cast, person={"name": "Otra Persona"})
    client = signed_in(cast.ana)
    words = ("pena", "Peña", "jos", "ñandu", "cafe.mx", "jose@cafe.mx", "1234 5678", "nadie")
    found = [
        [str(r) for r in client.get("/leads/", {"q": word}).context["page"].rows] for word in words
    ]
    assert found == [["José Peña"]] * 7 + [[]]


def test_lead_list_pages_by_key_without_gaps_or_repeats(cast, signed_in):
    for _ in range(55):
        factories.lead(cast)
    client = signed_in(cast.ana)
    first = client.get("/leads/").context["page"]
    second = client.get("/leads/", {"after": first.next}).context["page"]
    ids = [row.pk for row in (*first.rows, *second.rows)]
    assert (len(first.rows), len(second.rows), second.next) == (50, 5, "")
    assert "55 prospectos" in client.get("/leads/", {"after": first.next}).content.decode()
    assert ids == list(Lead.objects.order_by("-first_seen_on", "-pk").values_list("pk", flat=True))


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_need_a_constant_number_of_queries(cast, signed_in, rows):
    for _ in range(rows):
        factories.handed_off(cast)
        factories.accepted(cast)
    bea, ana = signed_in(cast.bea), signed_in(cast.ana)
    assert queries(bea, "/queue/") == 6
    assert queries(bea, "/mine/") == 7  # two of them for the person's own clocks
    assert queries(ana, "/leads/") == 7
    assert queries(ana, "/notices/") == 5


def test_pulse_changes_its_version_when_the_queue_changes(cast, signed_in):
    client = signed_in(cast.bea)
    before = client.get("/pulse").json()
    handoff = factories.handed_off(cast)
    during = client.get("/pulse").json()
    handoffs.accept(handoff, by=cast.cruz, at=HANDED_OFF_AT)
    after = client.get("/pulse").json()
    assert [x["counts"]["queue"] for x in (before, during, after)] == [0, 1, 0]
    assert len({before["version"], during["version"]}) == 2
    assert after["version"] != during["version"]


def test_no_page_shows_an_unrendered_component(cast, signed_in):
    handoff, captured = factories.contacted(cast), factories.lead(cast)
    pages = {
        "bea": ["/queue/", "/mine/", f"/leads/{handoff.lead_id}/", "/preferences/", "/notices/"],
        "ana": [
            "/leads/",
            "/leads/new/",
            f"/leads/{handoff.lead_id}/edit/",
            f"/leads/{captured.pk}/qualify/",
        ],
    }
    for name, paths in pages.items():
        for path in paths:
            text = signed_in(getattr(cast, name)).get(path).content.decode()
            assert "<c-" not in text, path
            assert 'style="' not in text, path


def test_queue_shows_scores_and_why_marketing_knew_better(cast, signed_in):
    User.objects.update(language="en")
    small = factories.lead(cast, company={"employees": 8})
    overrides.override(
        small,
        cast.persona,
        "company-size",
        reason="Abre sucursal",
        by=cast.ana,
        at=factories.HANDED_OFF_AT,
    )
    sent = {
        "team": cast.sales,
        "persona_version": cast.persona,
        "by": cast.ana,
        "at": factories.HANDED_OFF_AT,
    }
    handoff = handoffs.hand_off(small, **sent)
    factories.handed_off(cast)
    answer = signed_in(cast.bea).get("/queue/")
    shown = {row["pk"]: (row["scores"], row["marks"]) for row in answer.context["rows"]}
    assert shown.pop(str(handoff.pk)) == (
        "Fit 50 · engagement 40",
        [("warn", "Overridden: Abre sucursal", True)],
    )
    assert list(shown.values()) == [("Fit 50 · engagement 40", [])]
    page = signed_in(cast.bea).get(f"/leads/{small.pk}/").content.decode()
    assert "“Abre sucursal” · Ana Robles" in page
