"""The set-up: the first admin, each step by its default, what comes back, who may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from crm.accounts import organisations
from crm.accounts.models import Invitation, Organisation, Team, User
from crm.alignment.numbers import report
from crm.alignment.numbers.scope import Period, Scope
from crm.lib import clock
from crm.setup import checklist, code, wizard
from leads import handoffs
from leads.handoffs import test_lead
from leads.models import Handoff, Lead, Source
from personas import personas
from sla.agreements import drafts
from sla.calendars import calendars, special_days
from sla.models import AgreementVersion, Calendar
from sla.text import promises
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast

FIRST = {
    "name": "Ana Pérez",
    "email": "ana@cafe-andino.co",
    "password": "caballo batería grapa",
    "zone": "America/Bogota",
}
PAGES = [f"setup_{key}" for key in checklist.KEYS]


def found(client: Client, **changes: str) -> Any:
    return client.post("/setup/first/", {**FIRST, **changes}, headers={"Accept-Language": "es-CO"})


def press_continue(client: Client, name: str) -> Any:
    """What a browser sends when one only presses the button: the form as it was shown."""
    path = reverse(name)
    form = client.get(path).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value not in (None, False, ""):
            data[field.html_name] = getattr(value, "pk", value)
    if "password" in form.fields:  # the one thing that must be typed
        data["password"] = FIRST["password"]
    return client.post(path, data)


@pytest.fixture
def founded(moment: Moment, client: Client) -> Client:
    """The first admin, signed in, with nothing set up yet."""
    found(client)
    return client


@pytest.fixture
def ready(founded: Client) -> Client:
    """Everything up to the test lead by pressing Continue only."""
    for name in PAGES[:-1]:
        assert press_continue(founded, name).status_code == 302, name
    return founded


# -- The first admin


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/queue/", "/leads/1/", "/setup/", "/alignment/"])
def test_every_page_of_an_empty_installation_leads_to_the_first_admin(
    client: Client, path: str
) -> None:
    assert client.get(path, follow=True).redirect_chain[-1] == ("/setup/first/", 302)


def test_first_admin_is_signed_in_with_sensible_guesses(moment: Moment, client: Client) -> None:
    assert found(client).url == "/setup/organisation/"
    facts = Organisation.objects.values(
        "name", "currency", "country", "time_zone", "language", "setting_up"
    ).get()
    assert facts == {
        "name": "Cafe Andino",
        "currency": "COP",
        "country": "CO",
        "time_zone": "America/Bogota",
        "language": "es",
        "setting_up": True,
    }
    assert client.get("/").url == "/setup/"


def test_guesses_fall_back_to_mexico(moment: Moment, client: Client) -> None:
    client.post("/setup/first/", {**FIRST, "email": "ana@gmail.com", "zone": "Mars/Olympus"})
    facts = Organisation.objects.values_list("name", "currency", "country", "time_zone").get()
    assert facts == ("Mi empresa", "MXN", "MX", "America/Mexico_City")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "ana@"}, "email"),
        ({"password": "corta"}, "password"),
        ({"password": "ana@cafe-andino.co"}, "password"),
    ],
)
def test_first_admin_with_bad_input_names_the_field(
    moment: Moment, client: Client, changes: dict[str, str], field: str
) -> None:
    response = found(client, **changes)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    kept = response.context["form"]["zone"].value()
    assert (kept, User.objects.count()) == ("America/Bogota", 0)


def test_first_admin_page_closes_behind_the_first_admin(cast: Cast, client: Client) -> None:
    assert client.get("/setup/first/").url == "/"
    assert found(client).url == "/"
    assert not User.objects.filter(email=FIRST["email"]).exists()


def test_people_who_cannot_sign_in_do_not_close_it(moment: Moment, client: Client) -> None:
    User.objects.create(name="Imported", external_id="7", is_active=False, password="!")
    User.objects.create(name="Demo", email="demo@demo.relevo.test", is_demo=True, password="x")
    assert found(client).url == "/setup/organisation/"


@pytest.mark.django_db(transaction=True)
def test_two_first_admins_at_once_make_one() -> None:
    """The second waits for the first one's lock, and is refused."""

    def come(number: int) -> str:
        try:
            wizard.found(
                "Ana",
                f"ana{number}@cafe.mx",
                "caballo batería grapa",
                zone="",
                languages="",
                language="es",
                at=clock.now(),
            )
        except organisations.AlreadyFounded:
            return "refused"
        finally:
            connections.close_all()
        return "founded"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come, range(4))) == ["founded", "refused", "refused", "refused"]
    assert User.objects.filter(is_admin=True).count() == 1


@pytest.mark.parametrize(
    ("production", "more"),
    [
        (True, {}),
        (False, {"REMOTE_ADDR": "192.168.1.20"}),
        (False, {"HTTP_X_FORWARDED_FOR": "10.0.0.9"}),
    ],
)
def test_strangers_need_the_setup_code(
    moment: Moment, client: Client, settings: Settings, production: bool, more: dict[str, str]
) -> None:
    settings.PRODUCTION = production
    without = client.post("/setup/first/", FIRST, **more)
    wrong = client.post("/setup/first/", {**FIRST, "code": "AAAA-BBBB-CCCC-DDDD"}, **more)
    assert [(r.status_code, list(r.context["form"].errors)) for r in (without, wrong)] == [
        (422, ["code"])
    ] * 2
    right = client.post("/setup/first/", {**FIRST, "code": code.code().lower()}, **more)
    assert right.status_code == 302


def test_setup_code_of_the_settings_wins(settings: Settings) -> None:
    made = code.code()
    settings.RELEVO_SETUP_CODE = "un código bastante largo"
    assert code.is_right("Un código bastante  largo")
    assert not code.is_right(made)


def test_production_server_logs_the_code_until_somebody_can_sign_in(
    moment: Moment,
    client: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr(code, "connection", type("Kept", (), {"close": staticmethod(lambda: None)}))
    code.announce()
    assert [code.code() in line for line in caplog.messages] == [True]
    caplog.clear()
    client.post("/setup/first/", {**FIRST, "code": code.code()})
    caplog.clear()
    code.announce()
    assert caplog.messages == []


# -- The steps


def test_pressing_continue_only_sets_everything_up(ready: Client) -> None:
    assert press_continue(ready, "setup_test").url == "/setup/test/"
    assert Organisation.objects.get().setup_steps == dict.fromkeys(checklist.KEYS, "done")
    assert sorted(Team.objects.values_list("name", flat=True)) == ["Marketing", "Ventas"]
    assert str(AgreementVersion.objects.get(state="in_force")) == "Marketing y ventas v1"
    assert [str(version.persona) for version in personas.published()] == ["Pyme que busca software"]
    assert Handoff.objects.get().state == "pending"
    calendar = Calendar.objects.get()
    assert (calendar.time_zone, calendar.windows.count(), calendar.holidays.count() > 30) == (
        "America/Bogota",
        5,
        True,
    )


def test_each_step_leads_to_the_next_one(founded: Client) -> None:
    went = [press_continue(founded, name).url for name in PAGES[:-1]]
    assert went == [reverse(name) for name in PAGES[1:]]


def test_a_step_is_skipped_and_come_back_to(founded: Client) -> None:
    assert founded.post("/setup/skip/organisation/").url == "/setup/holidays/"
    press_continue(founded, "setup_holidays")
    again = Client()
    again.post("/accounts/login/", {"login": FIRST["email"], "password": FIRST["password"]})
    page = again.get("/setup/")
    assert page.context["next"].key == "hours"
    states = [line.standing.state for line in page.context["standings"]]
    assert states == ["skipped", "done", "open", "open", "open", "open", "open"]


def test_skipping_does_not_undo_what_is_done(founded: Client) -> None:
    press_continue(founded, "setup_organisation")
    founded.post("/setup/skip/organisation/")
    assert Organisation.objects.get().setup_steps == {"organisation": "done"}


def test_the_checklist_ends_and_stays_as_settings(ready: Client) -> None:
    assert ready.post("/setup/end/").url == "/"
    assert ready.get("/").url == "/queue/"
    page = ready.get("/setup/")
    assert (page.status_code, page.context["is_open"]) == (200, False)
    assert press_continue(ready, "setup_hours").url == "/setup/"


BAD = [
    (
        "organisation",
        {"name": "", "currency": "ABC", "country": "CO"},
        ["name", "language", "currency", "time_zone"],
    ),
    ("holidays", {"name-0": "Aniversario"}, ["on-0"]),
    ("holidays", {"on-0": "31/02/2026", "name-0": "Aniversario"}, ["on-0"]),
    ("hours", {"preset": "own", "day-0": "nueve a seis"}, ["day-0"]),
    ("hours", {"preset": "own", "day-0": "9-14, 13-18"}, ["day-0"]),
    ("hours", {"preset": "own"}, ["preset"]),
    ("teams", {"marketing": "Equipo", "sales": "equipo"}, ["sales"]),
    ("teams", {"marketing": "M", "sales": "V", "name-0": "Bea"}, ["email-0"]),
    (
        "teams",
        {"marketing": "M", "sales": "V", "name-1": "Bea", "email-1": "ANA@cafe-andino.co"},
        ["email-1"],
    ),
    ("persona", {"template": "anything"}, ["template"]),
    ("agreement", {"pace": "standard", "volume": "0"}, ["volume"]),
    ("test", {"team": "0"}, ["team", "persona"]),
]


@pytest.mark.parametrize(("key", "data", "fields"), BAD)
def test_bad_input_names_the_field_and_loses_nothing(
    founded: Client, key: str, data: dict[str, str], fields: list[str]
) -> None:
    response = founded.post(f"/setup/{key}/", data)
    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (422, fields)
    assert {name: form[name].value() for name in data} == data
    assert (
        Organisation.objects.get().setup_steps,
        Team.objects.count(),
        Calendar.objects.count(),
    ) == ({}, 0, 0)


def test_several_windows_a_day_and_over_midnight(founded: Client) -> None:
    founded.post(
        "/setup/hours/", {"preset": "own", "day-0": "9:00-14:00, 15-18.30", "day-5": "22:00 – 6:00"}
    )
    calendar = calendars.main()
    assert calendar is not None
    assert calendars.windows_of(calendar) == [(0, 540, 840), (0, 900, 1110), (5, 1320, 1800)]
    shown = founded.get("/setup/hours/").context["form"]
    assert [shown[f"day-{day}"].value() for day in (0, 1, 5)] == [
        "9:00-14:00, 15:00-18:30",
        "",
        "22:00-6:00",
    ]


def test_holidays_are_unticked_and_added(founded: Client) -> None:
    founded.post(
        "/setup/holidays/", {"keep": ["2026-12-25"], "on-0": "2026-06-15", "name-0": "Aniversario"}
    )
    calendar = calendars.main()
    assert calendar is not None
    assert [(on.isoformat(), name) for on, name, _hours in calendars.holidays_of(calendar)] == [
        ("2026-06-15", "Aniversario"),
        ("2026-12-25", "Navidad"),
    ]
    ticked = founded.get("/setup/holidays/").context["form"]["keep"].value()
    assert ticked == ["2026-06-15", "2026-12-25"]


def test_several_people_are_invited_at_once_and_their_links_are_shown(ready: Client) -> None:
    people = {
        "name-0": "Bea",
        "email-0": "bea@c.co",
        "part-0": "sales",
        "name-2": "Luz",
        "email-2": "luz@c.co",
    }
    ready.post(
        "/setup/teams/",
        {"lead_marketing": "on", "lead_sales": "on", **people, "part-2": "director"},
    )
    bea, luz = User.objects.get(email="bea@c.co"), User.objects.get(email="luz@c.co")
    assert (
        [team.name for team in bea.teams.all()],
        luz.is_director,
        Invitation.objects.count(),
    ) == (
        ["Ventas"],
        True,
        2,
    )
    links = ready.get("/setup/teams/").context["waiting"]
    assert [person.name for person, _url in links] == ["Luz", "Bea"]
    assert ready.get(links[0][1].replace("http://localhost:8000", "")).status_code == 200


def test_one_bad_person_invites_nobody(founded: Client) -> None:
    people = {"name-0": "Bea", "email-0": "bea@c.co", "name-1": "Otra", "email-1": "bea@c.co"}
    response = founded.post("/setup/teams/", {"marketing": "M", "sales": "V", **people})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["email-1"])
    assert (User.objects.count(), Team.objects.count()) == (1, 0)


def test_an_agreement_waits_for_the_lead_of_the_other_side(founded: Client) -> None:
    dora = {"name-0": "Dora", "email-0": "dora@c.co", "part-0": "sales_lead"}
    founded.post("/setup/teams/", {"marketing": "M", "sales": "V", "lead_marketing": "on", **dora})
    founded.post("/setup/agreement/", {"pace": "quick", "password": FIRST["password"]})
    assert AgreementVersion.objects.get().state == "proposed"
    User.objects.filter(email="dora@c.co").update(is_active=True)
    lead = Client()
    lead.force_login(User.objects.get(email="dora@c.co"))
    assert lead.get("/setup/agreement/sign/").status_code == 200
    signing = lead.post("/setup/agreement/sign/").url
    sha, dora = AgreementVersion.objects.get().content_hash, User.objects.get(email="dora@c.co")
    dora.set_password(PASSWORD)
    dora.save()
    lead.force_login(dora)
    lead.post(signing, {"password": PASSWORD, "sha": sha})
    assert AgreementVersion.objects.get().state == "in_force"
    assert lead.get("/setup/agreement/sign/").status_code == 403


@pytest.mark.parametrize("password", ["", "caballo"])
def test_who_signs_types_the_password_again(founded: Client, password: str) -> None:
    for name in PAGES[: PAGES.index("setup_agreement")]:
        press_continue(founded, name)
    response = founded.post(
        "/setup/agreement/", {"pace": "quick", "volume": "25", "password": password}
    )
    form = response.context["form"]
    assert (response.status_code, list(form.errors), form["volume"].value()) == (
        422,
        ["password"],
        "25",
    )
    assert not AgreementVersion.objects.exists()


def test_template_does_not_replace_a_draft_that_people_wrote(ready: Client) -> None:
    admin = User.objects.get(is_admin=True)
    draft = drafts.renew(AgreementVersion.objects.get(), by=admin, at=clock.now())
    drafts.comment(draft, "sales", "Two hours?", by=admin, at=clock.now())
    quick = {"pace": "quick", "password": FIRST["password"]}
    assert ready.post("/setup/agreement/", quick).status_code == 409
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_new_hours_leave_the_signed_ones_and_open_the_agreement_again(ready: Client) -> None:
    signed = AgreementVersion.objects.get()
    press_continue(ready, "setup_hours")
    assert Calendar.objects.count() == 1
    ready.post("/setup/hours/", {"preset": "always"})
    assert (Calendar.objects.count(), signed.calendar.windows.count()) == (2, 5)
    assert "agreement" not in Organisation.objects.get().setup_steps
    press_continue(ready, "setup_agreement")
    now = AgreementVersion.objects.get(state="in_force")
    assert (now.number, now.calendar.windows.count(), now.calendar.holidays.count()) == (2, 7, 38)


def test_new_holidays_come_into_the_signed_calendar(ready: Client) -> None:
    ready.post(
        "/setup/holidays/", {"keep": ["2026-12-25"], "on-0": "2026-06-15", "name-0": "Aniversario"}
    )
    signed = AgreementVersion.objects.get(state="in_force").calendar
    assert (Calendar.objects.count(), calendars.holidays_of(signed)) == (
        1,
        [(date(2026, 6, 15), "Aniversario", None), (date(2026, 12, 25), "Navidad", None)],
    )
    assert Organisation.objects.get().setup_steps["agreement"] == "done"


def test_a_date_with_other_hours_is_no_day_off(ready: Client) -> None:
    calendar = calendars.main()
    assert calendar is not None
    special_days.put(
        calendar, date(2026, 12, 24), "Nochebuena", [(540, 780)], by=None, at=clock.now()
    )
    assert "2026-12-24" not in [
        value
        for value, _label in ready.get("/setup/holidays/").context["form"]["keep"].field.choices
    ]
    response = ready.post(
        "/setup/holidays/", {"keep": ["2026-12-25"], "on-0": "2026-12-24", "name-0": "Cerrado"}
    )
    assert (response.status_code, response.context["form"].non_field_errors()) == (
        422,
        [str(special_days.DayTaken.message)],
    )
    assert calendar.holidays.get(on=date(2026, 12, 24)).name == "Nochebuena"


@pytest.mark.parametrize("preset", ["week", "lunch", "always"])
@pytest.mark.parametrize(("pace", "accept"), [("quick", 60), ("standard", 240), ("relaxed", None)])
def test_every_agreement_goes_with_every_working_day(
    ready: Client, preset: str, pace: str, accept: int | None
) -> None:
    ready.post("/setup/hours/", {"preset": preset})
    ready.post("/setup/agreement/", {"pace": pace, "volume": "25", "password": FIRST["password"]})
    version = AgreementVersion.objects.get(state="in_force")
    found = dict(version.commitments.values_list("metric", "window_minutes"))
    day = {"week": 540, "lunch": 480, "always": 1440}[preset]
    assert (version.number, found["accept"]) == (2, accept or day)
    assert version.commitments.get(metric="mql_volume").target == 25
    said = promises.of_version(version)
    assert (len(said.sales), len(said.marketing), len(said.ladder)) == (3, 3, 5)


# -- Who may


@pytest.mark.parametrize("name", ["setup", *PAGES, "setup_test_now"])
def test_pages_are_for_admins_only(cast: Cast, client: Client, name: str) -> None:
    answers = {}
    for person in (cast.ana, cast.bea, cast.dora, cast.elsa, cast.extra, cast.root):
        client.force_login(person)
        answers[person.name.split()[0]] = client.get(reverse(name)).status_code
    assert answers == {**dict.fromkeys(("Ana", "Bea", "Dora", "Elsa", "Extra"), 403), "Root": 200}


@pytest.mark.parametrize(
    "path", ["end/", "skip/teams/", "test/remove/", "teams/", "agreement/", "hours/"]
)
def test_writes_are_for_admins_only(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.dora)
    assert client.post(f"/setup/{path}").status_code == 403


def test_admins_of_an_organisation_that_is_set_up_keep_their_first_page(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.root)
    assert client.get("/").url == "/notices/"


# -- The test lead


def counted(at: Any) -> tuple[int, int, int, int]:
    scope = Scope(
        Period(at.date().replace(day=1), at.date().replace(month=12)), "America/Bogota", at
    )
    read = report.read(scope)
    return read.funnel[0].count, read.attainment.clocks, read.decisions.decisions, read.delivered


@pytest.mark.parametrize("template", ["software", "industry", "services"])
def test_test_lead_fits_every_template(ready: Client, template: str) -> None:
    ready.post("/setup/persona/", {"template": template})
    press_continue(ready, "setup_test")
    assert (Handoff.objects.get().state, Lead.objects.get().is_test) == ("pending", True)


def test_test_lead_is_in_the_queue_and_in_no_number(ready: Client, moment: Moment) -> None:
    press_continue(ready, "setup_test")
    handoff = Handoff.objects.get()
    assert "Prospecto de prueba" in ready.get("/queue/").content.decode()
    handoffs.accept(handoff, by=User.objects.get(), at=clock.now())
    assert counted(clock.now()) == (0, 0, 0, 0)
    Lead.objects.update(is_test=False)
    assert counted(clock.now()) == (1, 1, 1, 1)


@pytest.mark.parametrize("worked", ["pending", "accepted", "contacted"])
def test_test_lead_is_removed_wherever_it_stands(ready: Client, worked: str) -> None:
    from leads.handoffs import attempts

    press_continue(ready, "setup_test")
    handoff, me = Handoff.objects.get(), User.objects.get()
    if worked != "pending":
        handoffs.accept(handoff, by=me, at=clock.now())
    if worked == "contacted":
        attempts.record(handoff, "phone", reached=True, by=me, at=clock.now())
    assert ready.post("/setup/test/remove/").url == "/setup/"
    handoff = Handoff.objects.get()
    assert (handoff.is_open, handoff.clock.stopped_at is not None, test_lead.current()) == (
        False,
        True,
        None,
    )
    assert Lead.objects.get().archived_at is not None


def test_only_a_test_lead_is_removed(cast: Cast, moment: Moment) -> None:
    from tests import factories

    lead = factories.lead(cast)
    test_lead.remove(lead, by=cast.root, at=clock.now())
    assert Lead.objects.get().archived_at is None


def test_without_an_agreement_the_test_lead_says_so(founded: Client) -> None:
    for name in ("setup_teams", "setup_persona"):
        press_continue(founded, name)
    response = press_continue(founded, "setup_test")
    assert (response.status_code, Lead.objects.count()) == (422, 0)
    assert "acuerdo" in str(response.context["form"].non_field_errors())


def test_catalogues_are_there_for_the_first_lead(founded: Client) -> None:
    assert Source.objects.count() == 7


def test_pages_need_a_constant_number_of_queries(
    ready: Client, django_assert_num_queries: Any
) -> None:
    for rows in (1, 3):
        for number in range(rows):
            person = (0, f"P{rows}{number}", f"p{rows}{number}@c.co", "director")
            wizard.invite([person], {}, by=User.objects.get(name="Ana Pérez"), at=clock.now())
        with django_assert_num_queries(7):
            ready.get("/setup/teams/")
