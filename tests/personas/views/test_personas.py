"""Pages of personas: who reads and who writes, what two people at once see, and how many queries it
takes.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.lib.bilingual import in_language
from crm.setup.starter.demo_personas import LEADER_CRITERIA
from leads.models import CustomField
from leads.records import custom_fields
from personas import drafts, personas
from personas.forms import draft_data
from personas.models import Persona, PersonaVersion
from tests import factories

pytestmark = pytest.mark.django_db

PARTS = ("ana", "luis", "bea", "dora", "elsa", "root", "extra")


@pytest.fixture
def cast(new_organisation):
    return new_organisation


@pytest.fixture
def persona(cast) -> Persona:
    return cast.persona.persona


@pytest.fixture
def draft(cast, persona) -> PersonaVersion:
    return drafts.start(persona, by=cast.luis, at=factories.HANDED_OFF_AT)


def path(persona: Persona, rest: str = "") -> str:
    return f"/personas/{persona.pk}/{rest}"


def answers(cast, signed_in, method: str, address: str, **data: Any) -> dict[str, int]:
    clients = {name: signed_in(getattr(cast, name)) for name in PARTS}
    return {
        name: getattr(client, method)(address, data).status_code for name, client in clients.items()
    }


def shown(client, persona: Persona) -> dict[str, Any]:
    """What the form of the draft would send as it stands."""
    page = client.get(path(persona, "edit/"))
    values = draft_data.flat(page.context["form"].typed)
    draft = page.context["draft"].pk
    of_page = {name: page.context[name] for name in ("revision", "was")}
    return {**values, "draft": draft, **of_page}


def of(draft: PersonaVersion, revision: int = 1) -> dict[str, int]:
    """What a page of the draft would send with its button."""
    return {"draft": draft.pk, "revision": revision}


# -- Who may


def test_everybody_signed_in_reads(cast, signed_in, persona):
    assert answers(cast, signed_in, "get", path(persona)) == dict.fromkeys(PARTS, 200)
    assert answers(cast, signed_in, "get", "/personas/") == dict.fromkeys(PARTS, 200)


def test_leads_of_teams_and_the_director_write(cast, signed_in, persona, draft):
    may = {"ana": 403, "luis": 200, "bea": 403, "dora": 200, "elsa": 200, "root": 403, "extra": 403}
    assert answers(cast, signed_in, "get", path(persona, "edit/")) == may
    assert answers(cast, signed_in, "get", "/personas/new/") == may


@pytest.mark.parametrize("step", ["draft", "rename", "archive", "restore", "discard"])
def test_others_change_nothing(cast, signed_in, persona, draft, step):
    for name in ("ana", "bea", "root", "extra"):
        assert signed_in(getattr(cast, name)).post(path(persona, f"{step}/")).status_code == 403
    assert Persona.objects.get().archived_at is None
    assert PersonaVersion.objects.filter(pk=draft.pk).exists()


def test_only_leads_of_teams_publish(cast, signed_in, persona, draft):
    refused = {
        name: signed_in(getattr(cast, name)).post(path(persona, "publish/"), of(draft)).status_code
        for name in ("ana", "bea", "elsa", "root", "extra")
    }
    assert refused == dict.fromkeys(refused, 403)
    assert signed_in(cast.dora).post(path(persona, "publish/"), of(draft)).status_code == 302
    assert personas.published() == [draft]


def test_admins_look_after_custom_fields_alone(cast, signed_in):
    may = {"ana": 403, "luis": 200, "bea": 403, "dora": 200, "elsa": 403, "root": 200, "extra": 403}
    assert answers(cast, signed_in, "get", "/personas/fields/") == may


def test_results_are_for_those_who_read_alignment(cast, signed_in):
    may = {"ana": 200, "luis": 200, "bea": 200, "dora": 200, "elsa": 200, "root": 403, "extra": 403}
    assert answers(cast, signed_in, "get", "/personas/results/") == may


# -- Reading


def test_document_is_in_the_readers_language_alone(cast, signed_in, persona):
    client = signed_in(cast.ana)
    spanish = client.get(path(persona)).content.decode()
    cast.ana.language = "en"
    cast.ana.save()
    page = signed_in(cast.ana).get(path(persona)).content.decode()
    assert ("América Latina" in spanish, "Latin American" in spanish) == (True, False)
    assert ("América Latina" in page, "Latin American" in page) == (False, True)


def test_text_that_is_not_translated_is_shown_and_marked(cast, signed_in, persona):
    content = {"who": {"en": "Leads sales"}, "goals": [{"es": "Crecer"}]}
    personas.publish_version(
        persona, content, LEADER_CRITERIA, by=cast.luis, at=factories.HANDED_OFF_AT
    )
    page = signed_in(cast.ana).get(path(persona))
    assert page.context["document"].untranslated == ["Quién es"]
    assert '<p class="doc-lead" lang="en">Leads sales</p>' in page.content.decode()


def test_superseded_version_stays_readable(cast, signed_in, persona):
    personas.publish_version(
        persona, {"who": {"es": "Otra"}}, [], by=cast.luis, at=factories.HANDED_OFF_AT
    )
    page = signed_in(cast.bea).get(path(persona), {"version": 1})
    assert page.context["shown"] == cast.persona
    assert signed_in(cast.bea).get(path(persona), {"version": 7}).status_code == 404


def test_versions_tell_what_changed(cast, signed_in, persona):
    criteria = [{**LEADER_CRITERIA[0], "operand": 30}, *LEADER_CRITERIA[2:]]
    personas.publish_version(
        persona, cast.persona.content, criteria, by=cast.luis, at=factories.HANDED_OFF_AT
    )
    found = signed_in(cast.ana).get(path(persona, "versions/")).context["difference"]
    assert found.texts == []
    assert [(change.op, str(change.kind)) for change in found.criteria] == [
        ("changed", "fit"),
        ("gone", "fit"),
    ]
    assert [(part.op, part.text) for part in found.criteria[0].reads if part.op != "same"] == [
        ("gone", "20"),
        ("new", "30"),
    ]


# -- Writing


def test_draft_is_saved_as_it_was_typed(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    sent = {**shown(client, persona), "who-es": "Dirige ventas", "criteria-0-operand": "35"}
    assert client.post(path(persona, "edit/"), sent).status_code == 302
    saved = PersonaVersion.objects.get(pk=draft.pk)
    assert (saved.content["who"]["es"], saved.content["quotes"]) == (
        "Dirige ventas",
        cast.persona.content["quotes"],
    )
    before = {
        c.code: (c.kind, c.text, c.field, c.operator, c.operand, c.weight)
        for c in cast.persona.criteria.all()
    }
    after = {
        c.code: (c.kind, c.text, c.field, c.operator, c.operand, c.weight)
        for c in saved.criteria.all()
    }
    before["company-size"] = (*before["company-size"][:4], 35, before["company-size"][5])
    assert after == before


def test_wrong_criterion_is_told_beside_its_field_and_all_is_kept(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    sent = {
        **shown(client, persona),
        "who-es": "Texto nuevo",
        "criteria-0-operand": "muchos",
        "criteria-1-weight": "x",
    }
    page = client.post(path(persona, "edit/"), sent)
    form = page.context["form"]
    assert page.status_code == 422
    assert list(form.errors) == ["criteria-0-operand", "criteria-1-weight"]
    kept = [form[name].value() for name in ("who-es", "criteria-0-operand", "criteria-1-weight")]
    assert kept == ["Texto nuevo", "muchos", "x"]
    assert PersonaVersion.objects.get(pk=draft.pk).revision == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"criteria-0-field": "company.mood"}, "criteria-0-field", "company.mood"),
        (
            {"criteria-0-operator": "contains_any"},
            "criteria-0-operator",
            "“contiene alguno de” no corresponde a “Empleados”",
        ),
        ({"criteria-0-es": "", "criteria-0-en": " "}, "criteria-0-es", "al menos un idioma"),
        ({"criteria-0-kind": "mood"}, "criteria-0-kind", "mood"),
        ({"criteria-0-weight": "101"}, "criteria-0-weight", "1 a 100"),
        ({"who-es": "a" * 6001}, "who-es", "6000"),
    ],
)
def test_each_wrong_part_is_named(cast, signed_in, persona, draft, change, field, words):
    client = signed_in(cast.luis)
    page = client.post(path(persona, "edit/"), {**shown(client, persona), **change})
    assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
    assert words in str(page.context["form"].errors[field])


def test_rows_are_added_moved_and_dropped_without_saving(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    sent = {**shown(client, persona), "goals-0-es": "Primera"}
    added = (
        client.post(path(persona, "edit/"), {**sent, "do": "add-criteria"}).context["form"].typed
    )
    moved = (
        client.post(path(persona, "edit/"), {**sent, "do": "down-goals-0"}).context["form"].typed
    )
    dropped = (
        client.post(path(persona, "edit/"), {**sent, "do": "drop-criteria-1"}).context["form"].typed
    )
    assert [each["code"] for each in added.criteria][-1] == ""
    assert moved.sections["goals"][1]["es"] == "Primera"
    assert [each["code"] for each in dropped.criteria] == [
        "company-size",
        "student-or-vendor",
        "budget",
        "decides",
    ]
    assert PersonaVersion.objects.get(pk=draft.pk).revision == 1


@pytest.mark.parametrize(
    "wanted", ["add-moods", "up-goals-99", "down-goals-99", "drop", "", "up-goals-0"]
)
def test_step_that_cannot_be_changes_nothing(cast, signed_in, persona, draft, wanted):
    client = signed_in(cast.luis)
    sent = shown(client, persona)
    page = client.post(path(persona, "edit/"), {**sent, "do": wanted})
    before = client.get(path(persona, "edit/"))
    assert (page.status_code, page.context["form"].typed) == (200, before.context["form"].typed)


def test_save_over_somebody_elses_shows_both_and_keeps_what_was_typed(
    cast, signed_in, persona, draft
):
    luis, dora = signed_in(cast.luis), signed_in(cast.dora)
    first, second = shown(luis, persona), shown(dora, persona)
    assert (
        luis.post(
            path(persona, "edit/"), {**first, "who-es": "De Luis", "goals-0-es": "Meta de Luis"}
        ).status_code
        == 302
    )
    page = dora.post(
        path(persona, "edit/"), {**second, "who-es": "De Dora", "pains-0-es": "Dolor de Dora"}
    )
    pairs = {
        pair.unit: (pair.mine[0], pair.theirs[0], pair.choice) for pair in page.context["pairs"]
    }
    assert page.status_code == 409
    assert list(pairs) == ["who-es", "goals", "pains"]
    assert pairs["who-es"] == ("De Dora", "De Luis", "")
    assert (pairs["goals"][2], pairs["pains"][2]) == ("theirs", "mine")
    assert PersonaVersion.objects.get(pk=draft.pk).content["who"]["es"] == "De Luis"


def test_line_ends_of_browsers_are_no_difference(cast, signed_in, persona, draft):
    luis, dora = signed_in(cast.luis), signed_in(cast.dora)
    first, second = shown(luis, persona), shown(dora, persona)
    luis.post(path(persona, "edit/"), {**first, "goals-0-es": "Meta de Luis"})
    sent = {
        name: value.replace("\n", "\r\n") if name.startswith("who") else value
        for name, value in second.items()
    }
    page = dora.post(path(persona, "edit/"), {**sent, "pains-0-es": "Dolor de Dora"})
    assert "\r\n" in sent["who-es"]
    assert [pair.unit for pair in page.context["pairs"]] == ["goals", "pains"]


def test_undecided_parts_are_asked_again_and_decided_ones_are_saved(
    cast, signed_in, persona, draft
):
    luis, dora = signed_in(cast.luis), signed_in(cast.dora)
    first, second = shown(luis, persona), shown(dora, persona)
    luis.post(path(persona, "edit/"), {**first, "who-es": "De Luis", "goals-0-es": "Meta de Luis"})
    mine = {**second, "who-es": "De Dora", "criteria-0-operand": "44"}
    revision = dora.post(path(persona, "edit/"), mine).context["draft"].revision
    sent = {
        **mine,
        "revision": revision,
        "compared": "1",
        "keep.goals": "theirs",
        "keep.criterion-company-size": "mine",
    }
    assert dora.post(path(persona, "edit/"), sent).status_code == 422
    assert dora.post(path(persona, "edit/"), {**sent, "keep.who-es": "mine"}).status_code == 302
    saved = PersonaVersion.objects.get(pk=draft.pk)
    assert (saved.content["who"]["es"], saved.content["goals"][0]["es"]) == (
        "De Dora",
        "Meta de Luis",
    )
    assert saved.criteria.get(code="company-size").operand == 44


def test_draft_that_was_published_meanwhile_is_a_conflict(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    sent = shown(client, persona)
    signed_in(cast.dora).post(path(persona, "publish/"), of(draft))
    answer = client.post(path(persona, "edit/"), {**sent, "who-es": "Vende café en Puebla"})
    assert answer.status_code == 409
    # There is no form to draw it in; it can be copied.
    assert "Vende café en Puebla" in answer.context["typed"]
    assert "Vende café en Puebla" in answer.content.decode()


def test_publish_of_another_revision_than_was_read_is_a_conflict(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    client.post(path(persona, "edit/"), {**shown(client, persona), "who-es": "Otra"})
    assert signed_in(cast.dora).post(path(persona, "publish/"), of(draft)).status_code == 409
    assert personas.published() == [cast.persona]


@pytest.mark.parametrize("act", ["publish", "discard"])
@pytest.mark.parametrize("lacks", ["draft", "revision"])
def test_act_that_does_not_say_which_draft_its_page_showed_is_a_conflict(
    cast, signed_in, persona, draft, act, lacks
):
    sent = of(draft)
    del sent[lacks]
    assert signed_in(cast.dora).post(path(persona, f"{act}/"), sent).status_code == 409
    assert (PersonaVersion.objects.get(pk=draft.pk), personas.published()) == (
        draft,
        [cast.persona],
    )


def test_machine_reads_a_criterion_while_it_is_typed(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    sent = shown(client, persona)
    as_typed = client.post(
        path(persona, "reading/"), {**sent, "number": "0", "criteria-0-operand": "1500"}
    )
    of_country = {"number": "0", "criteria-0-field": "company.country", "criteria-0-operand": "MX"}
    other = client.post(path(persona, "reading/"), {**sent, **of_country})
    assert as_typed.context["row"].reads == "Encaja cuando “Empleados” es 1,500 o más."
    assert other.context["row"].reads == "Encaja cuando “País de la empresa” es México."
    assert "multiple" in str(other.context["row"].fields["operand"])
    answers = {}
    for number in ("77", "00001", "000000001", "9" * 30, "-1", "x", "²"):
        answers[number] = client.post(path(persona, "reading/"), {**sent, "number": number})
    # The persona has two criteria.
    assert {number: answer.status_code for number, answer in answers.items()} == {
        **dict.fromkeys(answers, 404),
        "00001": 200,
        "000000001": 200,
    }


def test_what_does_not_fit_another_field_is_dropped_with_it(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    sent = {**shown(client, persona), "number": "0", "criteria-0-operator": "is"}
    headers = {"HX-Request": "true", "HX-Target": "criteria-0-rule"}
    other = client.post(
        path(persona, "reading/"), {**sent, "criteria-0-field": "lead.source"}, headers=headers
    )
    same = client.post(path(persona, "reading/"), sent, headers=headers)
    assert (
        other.context["row"].reads == "Todavía no es una pregunta que la máquina pueda responder."
    )
    assert same.context["row"].reads == "Encaja cuando “Empleados” es 20."


def test_new_persona_from_an_example_brings_text_criteria_and_fields(cast, signed_in):
    client = signed_in(cast.dora)
    made = client.post("/personas/new/", {"template": "industry", "es": "", "en": ""})
    draft = PersonaVersion.objects.get(state="draft")
    assert made.url == f"/personas/{draft.persona_id}/edit/"
    assert in_language(draft.persona.name, "en") == "Purchasing at an industrial firm"
    assert set(draft.criteria.values_list("kind", flat=True)) == {
        "fit",
        "disqualifier",
        "means",
        "authority",
        "need",
        "timing",
    }
    assert CustomField.objects.filter(code="monthly_purchase").exists()


def test_blank_persona_needs_a_name(cast, signed_in):
    client = signed_in(cast.dora)
    assert list(client.post("/personas/new/", {"template": "blank"}).context["form"].errors) == [
        "es"
    ]
    client.post("/personas/new/", {"template": "blank", "en": "Owner"})
    assert Persona.objects.filter(name={"en": "Owner"}).exists()


@pytest.mark.parametrize("key", ["software", "industry", "services"])
def test_example_can_be_saved_and_published_as_it_is(cast, signed_in, key):
    client = signed_in(cast.dora)
    client.post("/personas/new/", {"template": key})
    draft = PersonaVersion.objects.get(state="draft")
    assert (
        client.post(path(draft.persona, "edit/"), shown(client, draft.persona)).status_code == 302
    )
    assert client.post(path(draft.persona, "publish/"), of(draft, 2)).status_code == 302
    page = client.get(path(draft.persona))
    assert page.context["document"].untranslated == []


def test_rename_over_another_name_says_what_it_is_called_now(cast, signed_in, persona):
    was = {f"was-{language}": text for language, text in persona.name.items()}
    assert (
        signed_in(cast.luis).post(path(persona, "rename/"), {"es": "De Luis", **was}).status_code
        == 302
    )
    page = signed_in(cast.dora).post(path(persona, "rename/"), {"es": "De Dora", **was})
    assert page.status_code == 409
    assert "“De Luis”" in str(page.context["name_form"].errors)
    assert page.context["name_form"]["es"].value() == "De Dora"


def test_archived_persona_is_listed_apart_and_comes_back(cast, signed_in, persona):
    client = signed_in(cast.dora)
    client.post(path(persona, "archive/"))
    page = client.get("/personas/").context
    assert ([c.persona for c in page["archived"]], page["in_use"]) == ([persona], [])
    client.post(path(persona, "restore/"))
    assert [c.persona for c in client.get("/personas/").context["in_use"]] == [persona]


def test_archived_field_is_asked_for_no_more_and_still_judges(cast, signed_in, persona, draft):
    client = signed_in(cast.luis)
    budget = CustomField.objects.get(code="budget")
    client.post(f"/personas/fields/{budget.pk}/archive/")
    assert "Presupuesto anual" not in signed_in(cast.ana).get("/leads/new/").content.decode()
    assert "Presupuesto anual (en archivo)" in client.get(path(persona, "edit/")).content.decode()
    assert client.post(path(persona, "edit/"), shown(client, persona)).status_code == 302
    client.post(f"/personas/fields/{budget.pk}/restore/")
    assert "Presupuesto anual" in signed_in(cast.ana).get("/leads/new/").content.decode()


# -- Queries: the same for one persona and for three


def asked(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


@pytest.mark.parametrize(("address", "count"), [("/personas/", 6), ("/personas/results/", 10)])
def test_lists_take_the_same_queries_with_one_and_three(cast, signed_in, address, count):
    client = signed_in(cast.luis)
    with_one = asked(client, address)
    for name in ("Dos", "Tres"):
        made = personas.create(name.lower(), {"es": name}, by=cast.luis, at=factories.HANDED_OFF_AT)
        personas.publish_version(
            made,
            {"who": {"es": name}},
            LEADER_CRITERIA,
            by=cast.luis,
            at=factories.HANDED_OFF_AT,
        )
        drafts.start(made, by=cast.luis, at=factories.HANDED_OFF_AT)
    assert (with_one, asked(client, address)) == (count, count)


@pytest.mark.parametrize(("rest", "count"), [("", 9), ("versions/", 9), ("edit/", 9)])
def test_document_takes_the_same_queries_with_one_and_three_versions(
    cast, signed_in, persona, draft, rest, count
):
    client = signed_in(cast.luis)
    with_one = asked(client, path(persona, rest))
    drafts.publish(
        draft,
        revision=1,
        fields=custom_fields.criterion_fields(),
        by=cast.luis,
        at=factories.HANDED_OFF_AT,
    )
    drafts.start(persona, by=cast.luis, at=factories.HANDED_OFF_AT)
    assert (with_one, asked(client, path(persona, rest))) == (count, count)
