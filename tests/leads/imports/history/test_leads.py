"""Imports of leads: every rule of imported history, on files small enough to read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils.translation import override

from crm.accounts.models import Team, User
from crm.audit.models import Entry
from crm.lib.errors import DomainError
from crm.notifications.models import Message
from leads.imports import pipeline
from leads.imports.history import command_line
from leads.imports.history.leads import ImportedLeads
from leads.imports.history.stored_parts import Tally
from leads.models import (
    Company,
    CustomField,
    Event,
    FirstTouch,
    Handoff,
    Lead,
    Person,
    Source,
    ValuableAction,
)
from sla.models import Clock
from tests.leads.imports.nasty_files import xlsx
from tests.leads.imports.small_files import AT, LEADS, OUTCOMES, TWO_LEADS, mapped, problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def test_leads_keep_their_dates_stages_and_ids(import_leads):
    assert import_leads().tally == Tally(read=2, new=2, sources=1)
    ana, nobody = Lead.objects.order_by("external_id")
    assert (ana.external_system, ana.external_id, ana.is_imported) == ("old", "1", True)
    assert (ana.stage, ana.first_seen_on, ana.mql_on) == ("mql", date(2018, 2, 1), date(2018, 2, 3))
    assert (ana.sql_on, ana.won_on, ana.owner, ana.persona_version) == (None, None, None, None)
    assert (ana.created_at, ana.created_by, ana.marketing_team) == (AT, None, None)
    assert (ana.person.name, ana.search_text) == ("Ana", "ana 1")
    assert (nobody.stage, nobody.mql_on, nobody.source) == ("captured", None, None)
    assert (str(nobody), nobody.search_text) == ("2", "2")


def test_sheet_is_read_as_in_the_browser(import_leads, rejects):
    def write(book, sheet):
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for row in (3, 4):
            sheet.write_datetime(row, 1, date(2018, 2, row), day)
        sheet.write_number(3, 2, 14000123, book.add_format({"num_format": "000000000"}))
        sheet.write_formula(4, 3, "=1/0", None, "#DIV/0!")

    rows = [["Leads of 2018"], [], ["id", "seen", "phone", "name", "country"]]
    rows += [["1", "", "", "Ana", "Perú"], ["2", "", "", "", "PE"]]
    columns = {"person.phone": "phone", "person.country": "country"}
    mapping = mapped(LEADS, columns=columns, dates=["%d/%m/%Y"])
    mapping["columns"] = {k: v for k, v in mapping["columns"].items() if v not in ("mql", "origin")}
    report = import_leads(xlsx(write, rows), mapping)
    assert report.tally == Tally(read=2, new=2)
    lead, other = Lead.objects.order_by("pk")
    assert (lead.first_seen_on, lead.person.phone) == (date(2018, 2, 3), "+5114000123")
    assert (other.external_id, other.person.name) == ("2", "")


def test_first_touch_is_written_once_with_the_date_alone(import_leads):
    import_leads()
    touch = FirstTouch.objects.get(lead__external_id="1")
    assert (touch.seen_on, touch.seen_at, touch.source.code) == (
        date(2018, 2, 1),
        None,
        "paid_search",
    )
    assert FirstTouch.objects.get(lead__external_id="2").source is None


def test_imported_stages_are_events_and_nothing_else_happens(import_leads, import_outcomes):
    import_leads()
    import_outcomes()
    rows = Event.objects.order_by("lead__external_id", "id").values_list(
        "kind", "from_state", "to_state", "occurred_on", "payload"
    )
    assert list(rows) == [
        (
            "imported",
            "",
            "mql",
            date(2018, 2, 3),
            {"stage": "mql", "original": "2018-02-03", "system": "old"},
        ),
        (
            "imported",
            "mql",
            "won",
            date(2018, 2, 26),
            {
                "stage": "won",
                "original": "2018-02-26 19:58:54",
                "system": "old",
                "amount": "1500.00",
            },
        ),
        (
            "imported",
            "",
            "captured",
            date(2018, 2, 2),
            {"stage": "captured", "original": "2018-02-02", "system": "old"},
        ),
    ]
    for model in (Handoff, Clock, Message, ValuableAction):
        assert model.objects.count() == 0


def test_stage_is_the_last_one_recorded_and_gaps_stay_empty(import_leads):
    mapping = mapped(LEADS, columns={"stage.opportunity": "opp"})
    import_leads("id,seen,mql,origin,name,opp\n1,2018-02-01,2018-02-03,,,2018-02-20\n", mapping)
    lead = Lead.objects.get()
    assert (lead.stage, lead.mql_on, lead.sql_on, lead.opportunity_on) == (
        "opportunity",
        date(2018, 2, 3),
        None,
        date(2018, 2, 20),
    )
    assert [event.to_state for event in lead.events.all()] == ["mql", "opportunity"]


def test_same_file_again_changes_nothing(import_leads, import_outcomes):
    import_leads()
    import_outcomes()
    before = [
        list(model.objects.order_by("pk").values())
        for model in (Lead, Person, Event, FirstTouch, Source, User)
    ]
    assert import_leads().tally == Tally(read=2, known=2)
    assert import_outcomes().tally == Tally(read=1, known=1)
    after = [
        list(model.objects.order_by("pk").values())
        for model in (Lead, Person, Event, FirstTouch, Source, User)
    ]
    assert after == before


def test_same_id_of_another_system_is_another_lead(import_leads):
    import_leads()
    assert import_leads(mapping=LEADS | {"system": "other"}).tally == Tally(read=2, new=2)
    assert Lead.objects.filter(external_id="1").count() == 2


def test_same_id_twice_in_a_file_takes_the_first(import_leads, rejects):
    report = import_leads(TWO_LEADS + "1,2018-05-05,,,Other\n")
    assert report.tally == Tally(read=3, new=2, sources=1, rejected=1)
    assert problems(rejects()) == [("4", "external_id: row 2 is the same person")]
    assert Lead.objects.get(external_id="1").first_seen_on == date(2018, 2, 1)


def test_known_lead_with_another_first_touch_is_rejected_as_contradiction(import_leads, rejects):
    import_leads()
    report = import_leads(
        "id,seen,mql,origin,name\n1,2018-02-09,,email,Ana\n2,2018-02-02,,,New name\n"
    )
    assert report.tally == Tally(read=2, known=1, rejected=1, contradicting=1)
    assert problems(rejects()) == [
        ("2", "first_seen_on: “2018-02-01” is recorded; source: “paid_search” is recorded")
    ]
    assert list(Source.objects.values_list("code", flat=True)) == ["paid_search"]


def test_rows_without_an_id_are_known_again_by_all_they_say(import_leads, rejects):
    text = "id,seen,mql,origin,name\n,2018-02-01,,,Ana\n,2018-02-01,,,Bea\n,2018-02-01,,,Ana\n"
    assert import_leads(text).tally == Tally(read=3, new=2, rejected=1)
    assert problems(rejects()) == [("4", "row 2 says the same")]
    assert import_leads(text).tally == Tally(read=3, known=2, rejected=1)


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("name", "Ana", "Ana"),
        ("email", "ANA@Example.com", "ana@example.com"),
        ("phone", "55 4000 1001", "+525540001001"),
    ],
)
def test_any_one_of_name_email_and_phone_is_enough(import_leads, column, value, stored):
    mapping = {
        "system": "old",
        "columns": {
            "first_seen_on": "seen",
            f"person.{column}": column,
            "person.country": "country",
        },
    }
    assert import_leads(f"seen,{column},country\n2018-02-01,{value},mx\n", mapping).tally == Tally(
        read=1, new=1
    )
    person = Person.objects.get()
    assert (getattr(person, column), person.country) == (stored, "MX")


def test_row_that_nothing_is_known_by_is_rejected(import_leads, rejects):
    assert import_leads("id,seen,mql,origin,name\n,2018-02-01,,email,\n").tally == Tally(
        read=1, rejected=1
    )
    assert problems(rejects()) == [
        ("2", "Give at least a name, an e-mail, a phone or an external id.")
    ]


def test_sources_are_found_by_code_and_by_name_else_created_readably(import_leads):
    Source.objects.create(
        code="paid_search", name={"es": "Búsqueda pagada", "en": "Paid search"}, position=3
    )
    mapping = mapped(
        LEADS,
        values={"source": {"n/a": None}},
        sources={"fair": {"es": "Feria", "en": "Trade fair"}},
    )
    rows = ["paid_search", "BUSQUEDA PAGADA", "direct_traffic", "unknown", "fair", "n/a", ""]
    text = "id,seen,mql,origin,name\n" + "".join(
        f"{n},2018-02-01,,{word},\n" for n, word in enumerate(rows)
    )
    assert import_leads(text, mapping).tally == Tally(read=7, new=7, sources=3)
    found = Lead.objects.order_by("external_id").values_list("source__code", flat=True)
    assert list(found) == [
        "paid_search",
        "paid_search",
        "direct_traffic",
        "unknown",
        "fair",
        None,
        None,
    ]
    names = dict(Source.objects.values_list("code", "name"))
    assert names["direct_traffic"] == {"es": "Direct traffic", "en": "Direct traffic"}
    assert names["fair"] == {"es": "Feria", "en": "Trade fair"}


def test_companies_are_shared_and_gaps_filled(import_leads):
    columns = {"company.name": "company", "company.country": "country", "company.employees": "size"}
    earlier = (
        "id,seen,mql,origin,name,company,country,size\n"
        '0,2018-02-01,,,,"Norte Digital, S.A. de C.V.",MX,\n'
    )
    import_leads(earlier, mapped(LEADS, columns=columns))
    text = (
        "id,seen,mql,origin,name,company,country,size\n1,2018-02-01,,,,NORTE"
        ' DIGITAL,MX,"1,200"\n2,2018-02-01,,,,Norte Digital SA,MX,9\n3,2018-02-01,,,,Norte'
        " Digital,CL,\n4,2018-02-01,,,,norte digital,cl,7\n"
    )
    assert import_leads(text, mapped(LEADS, columns=columns)).tally == Tally(read=4, new=4)
    rows = Lead.objects.order_by("external_id").values_list(
        "company__name", "company__country", "company__employees"
    )
    assert list(rows) == [
        ("Norte Digital, S.A. de C.V.", "MX", 1200),
        ("Norte Digital, S.A. de C.V.", "MX", 1200),
        ("Norte Digital, S.A. de C.V.", "MX", 1200),
        ("Norte Digital", "CL", 7),
        ("Norte Digital", "CL", 7),
    ]
    assert Company.objects.count() == 2


def test_attributes_follow_the_type_of_the_custom_field(import_leads):
    for code, kind in (("budget", "number"), ("decides", "yes_no"), ("until", "date")):
        CustomField.objects.create(code=code, type=kind, name={"en": code})
    columns = {f"attributes.{code}": code for code in ("budget", "decides", "until", "free")}
    head = "id,seen,mql,origin,name,budget,decides,until,free\n"
    report = import_leads(
        f"{head}1,2018-02-01,,,,1000.0,Sí,2018-12-31,007\n2,2018-02-01,,,,a lot,maybe,soon,\n",
        mapped(LEADS, columns=columns),
    )
    first, second = Lead.objects.order_by("external_id")
    assert first.attributes == {
        "budget": 1000,
        "decides": True,
        "until": "2018-12-31",
        "free": "007",
    }
    assert second.attributes == {}
    lines = command_line.report_text(report).splitlines()
    assert lines[-3:] == [
        "  row 3: budget: “a lot” is no number with “.” before decimals; left empty",
        "  row 3: decides: “maybe” is neither yes nor no; left empty",
        "  row 3: until: “soon” is no date like 2026-12-31, 31/12/2026 or 31 Dec 2026; left empty",
    ]


def test_text_is_cleaned_by_the_written_rule(import_leads):
    import_leads('id,seen,mql,origin,name\n1,2018-02-01,,,"  Jose\u0301 \n\u202eNu\u0301ñez "\n')
    assert Person.objects.get().name == "José Núñez"


def test_team_is_the_one_named_else_the_only_one(import_leads):
    assert command_line.marketing_team(None) is None
    growth = Team.objects.create(name="Growth", side="marketing")
    Team.objects.create(name="Ventas", side="sales")
    assert command_line.marketing_team(None) == growth
    brand = Team.objects.create(name="Brand", side="marketing")
    assert command_line.marketing_team(None) is None
    assert command_line.marketing_team(" brand ") == brand
    with pytest.raises(command_line.NoSuchTeam) as refused:
        command_line.marketing_team("Ventas")
    assert (
        str(refused.value.message)
        == "There is no marketing team “Ventas”; there are: Brand, Growth."
    )
    import_leads(team=brand)
    assert set(Lead.objects.values_list("marketing_team", flat=True)) == {brand.pk}


def test_rejects_keep_the_row_and_can_be_imported_once_mended(import_leads, rejects, tmp_path):
    report = import_leads(
        "id,seen,mql,origin,name\n1,2018-02-31,,,=Ana\n2,,,,\n3,2018-02-01,,,,x\n4,2018-02-01\n5,2018-02-01,,,,\n"
    )
    assert (report.tally, report.rejects) == (
        Tally(read=5, new=1, rejected=4),
        tmp_path / "rejects.csv",
    )
    assert rejects() == [
        ["row", "problem", "id", "seen", "mql", "origin", "name"],
        [
            "2",
            (
                "first_seen_on (seen): “2018-02-31” is no date like 2026-12-31, 31/12/2026 or 31"
                " Dec 2026"
            ),
            "1",
            "2018-02-31",
            "",
            "",
            "'=Ana",
        ],
        ["3", "first_seen_on: is not given", "2", "", "", "", ""],
        ["4", "the row has 6 cells, the header has 5", "3", "2018-02-01", "", "", "", "x"],
        ["5", "the row has 2 cells, the header has 5", "4", "2018-02-01"],
    ]
    mended = (
        (tmp_path / "rejects.csv")
        .read_text(encoding="utf-8-sig")
        .replace("2018-02-31", "2018-02-28")
    )
    assert import_leads(mended, rejects=tmp_path / "again.csv").tally == Tally(
        read=4, new=1, rejected=3
    )
    assert Lead.objects.get(external_id="1").person.name == "=Ana"


def test_row_that_only_the_database_refuses_does_not_take_its_batch_along(import_leads, rejects):
    name = "\ufdfa" * 200  # one letter of which folds to eighteen
    mapping = mapped(LEADS, columns={"company.name": "company"})
    rows = [f"{n},2018-02-01,,,,{name if n == 5 else 'Norte'}\n" for n in range(9)]
    report = import_leads("id,seen,mql,origin,name,company\n" + "".join(rows), mapping)
    assert (report.tally.new, report.tally.rejected) == (8, 1)
    assert problems(rejects()) == [
        ("7", "the database refuses the row: value too long for type character varying(200)")
    ]


def test_batches_that_were_stored_stay_when_the_import_is_killed(import_leads, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 2)
    text = "id,seen,mql,origin,name\n" + "".join(f"{n},2018-02-01,,,\n" for n in range(5))
    write = ImportedLeads.write

    def killed(importer, readings):
        result = write(importer, readings)
        if Lead.objects.count() > 2:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(ImportedLeads, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            import_leads(text)
    assert (Lead.objects.count(), Event.objects.count()) == (2, 2)
    assert import_leads(text).tally == Tally(read=5, new=3, known=2)
    assert (Lead.objects.count(), Event.objects.count()) == (5, 5)
    assert [audited(entry) for entry in Entry.objects.order_by("pk")] == [
        # The killed run.
        ("import_batch_stored", 2, 0),
        ("import_batch_stored", 0, 2),
        ("import_batch_stored", 2, 0),
        ("import_batch_stored", 1, 0),
        # All that both runs did.
        ("leads_imported", 5, 0),
    ]
    assert import_leads(text).tally == Tally(read=5, known=5)
    assert audited(Entry.objects.latest("pk")) == ("leads_imported", 0, 5)


def audited(entry):
    return entry.verb, entry.payload["new"], entry.payload["known"]


def test_only_one_import_runs_at_a_time(import_leads, transactional_db):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [pipeline.LOCK])
        with pytest.raises(command_line.ImportIsRunning):
            import_leads()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [pipeline.LOCK])
    other.close()
    assert import_leads().tally.new == 2


def test_one_audit_entry_a_run_names_file_hash_and_counts(import_leads):
    import_leads()
    entry = Entry.objects.get(verb="leads_imported")
    assert (entry.verb, entry.subject_type, entry.actor, entry.at) == (
        "leads_imported",
        "import",
        None,
        AT,
    )
    assert entry.payload == {
        "file": "file.csv",
        "sha256": "74774402780dd570d3ab51a0aeb8c359b212959a4e83994c37f2ab255760dab9",
        "system": "old",
        "team": None,
        "read": 2,
        "new": 2,
        "known": 0,
        "undecided": 0,
        "rejected": 0,
        "contradicting": 0,
        "flagged": 0,
        "unpriced": 0,
        "people": 0,
        "sources": 1,
    }


def test_imports_work_as_the_role_of_the_product(import_leads, import_outcomes):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE relevo_app")
        assert import_leads().tally.new == 2
        assert import_outcomes().tally.new == 1


def test_commands_print_what_came_of_the_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("leads.csv").write_text(TWO_LEADS + "3,soon,,,\n")
    Path("won.csv").write_text("id,won,amount,rep,sdr,segment\n1,2018-01-26,,r,s,\n")
    Path("leads.json").write_text(json.dumps(LEADS))
    Path("won.json").write_text(json.dumps(OUTCOMES))
    with override("en"):
        call_command("import_leads", "leads.csv", "--mapping", "leads.json")
        call_command("import_outcomes", "won.csv", "--mapping", "won.json")
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in printed if not line.startswith("seconds")] == [
        "file leads.csv (utf-8, ,)",
        "rows read 3",
        "new 2",
        "already known 0",
        "rejected 1",
        "written to leads.rejects.csv",
        "sources created 1",
        "file won.csv (utf-8, ,)",
        "rows read 1",
        "new 1",
        "already known 0",
        "rejected 0",
        "won before first seen 1",
        "won, amount unknown 1",
        "people created 2",
    ]


@pytest.mark.parametrize("command", ["import_leads", "import_outcomes"])
def test_commands_refuse_an_unusable_file_in_words(command, tmp_path):
    (tmp_path / "map.json").write_text(json.dumps(LEADS if command == "import_leads" else OUTCOMES))
    with override("en"), pytest.raises(CommandError) as refused:
        call_command(command, f"{tmp_path}/none.csv", "--mapping", f"{tmp_path}/map.json")
    assert str(refused.value) == f"There is no file {tmp_path}/none.csv."


def test_header_only_is_no_error(import_leads):
    assert import_leads("id,seen,mql,origin,name\n").tally == Tally()


def test_rejects_never_overwrite_the_file_they_are_from(import_leads, tmp_path):
    with pytest.raises(DomainError) as refused:
        import_leads(rejects=tmp_path / "x" / ".." / "file.csv")
    assert str(refused.value.message) == "The rejects cannot go into the file they are from."
