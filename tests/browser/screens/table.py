"""Every address of the product and what stands there: who sees which screen.

The tests hold it against the resolver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm.views import HELP
from leads.forms.handoff_steps import STEPS
from leads.views.desks.marketing import TAB_LABELS

# The newest lead of a person, and its newest handoff.
LEAD_OF = """
SELECT l.id, (SELECT max(h.id) FROM leads_handoff h WHERE h.lead_id = l.id)
FROM leads_lead l JOIN leads_person p ON p.id = l.person_id WHERE p.name = %s
ORDER BY l.id DESC LIMIT 1
"""
NOBODY = ""  # not signed in
MARKETING, REP, LEAD, DIRECTOR, ADMIN = "marketing", "sales_rep", "team_lead", "director", "admin"
PARTS = (NOBODY, MARKETING, REP, LEAD, DIRECTOR, ADMIN)
SIGNED_IN = PARTS[1:]
READERS = (MARKETING, REP, LEAD, DIRECTOR)

# People of the demo by where their lead stands, and one whose data are as long as data get.
CAPTURED, PENDING, ACCEPTED, CONTACTED = "Paula Ríos", "Mariana Peña", "Diego Luna", "Camila Torres"
SQL, WON, RETURNED = "Renata Villalobos", "Daniela Mora", "Julián Cárdenas"
PROVEN = "Marco Beltrán"
BARE = "Sin Nada"
# Sent back by sales, and what marketing or the arbiter makes of it (crowd.py).
DISPUTED, PARKED, TWIN = "Disputa Abierta", "Espera Larga", "Doble Registro"
# Attempts of every kind, and a person who asked not to be contacted (crowd.py).
TRIED, LEFT_ALONE = "Ramona Ibarra", "Severo Quintana"
LONG = "Maximiliano Alejandro de Todos los Santos Fernández de Córdoba y Villavicencio-Echeverría"


@dataclass(frozen=True)
class Screen:
    """A page as one part sees it.

    ``path`` may hold {lead} and {handoff}: those of ``person``; an import that is {checked} or
    {done}; and a version of an agreement: the {first}, a {draft}, and one {waiting} for signatures.
    """

    path: str
    parts: tuple[str, ...]
    person: str = ""
    status: int = 200


def of(person: str, *parts: str) -> Screen:
    return Screen("/leads/{lead}/", parts, person)


# By name of the address. Addresses without a screen say why: they only take a form, move on, or
# answer with data.
TAKES_A_FORM, MOVES_ON, DATA = (
    "answers GET with 405",
    "answers with a redirect",
    "answers with data",
)
FOR_ADMINS = "answers a part of a page, others than admins with 403"
FOR_PROMETHEUS = "answers 404 while the settings have no token"
IN_PLACE = "edits a field of a lead; while the lead waits in the queue, with 409"
SCREENS: dict[str, str | list[Screen]] = {
    "home": MOVES_ON,
    **dict.fromkeys(("healthz", "readyz"), DATA),
    "metrics": FOR_PROMETHEUS,
    "operation": [Screen("/setup/operation/", (ADMIN,))],
    **dict.fromkeys(("operation_retry", "operation_retry_all"), TAKES_A_FORM),
    **dict.fromkeys(("operation_send", "operation_deliver", "operation_send_all"), TAKES_A_FORM),
    "pulse": DATA,
    "help": [Screen("/help/", SIGNED_IN)],
    "help_topic": [
        *(Screen(f"/help/{topic}/", (REP,)) for topic in HELP),
        Screen("/help/nothing/", (REP,), status=404),
    ],
    "search": [
        Screen("/search/", (REP, ADMIN)),
        Screen("/search/?q=pe%C3%B1a", (MARKETING,)),
        Screen("/search/?q=nobody", (REP,)),
        Screen("/search/?q=demo.relevo.test", (REP,)),
    ],
    "account_login": [
        Screen("/accounts/login/", (NOBODY,)),
        Screen("/accounts/login/?next=/queue/", (NOBODY,)),
    ],
    "account_logout": [Screen("/accounts/logout/", (REP,))],
    "account_inactive": [Screen("/accounts/inactive/", (NOBODY,))],
    "account_signup": MOVES_ON,
    "account_change_password": [
        Screen("/accounts/password/", (REP,), status=403)
    ],  # demo people keep theirs
    "mfa_authenticate": MOVES_ON,  # to the password; tests/second_factor shows it
    # demo people have none; tests/second_factor shows these pages
    "second_factor": [Screen("/preferences/second-factor/", (REP,), status=403)],
    "second_factor_app": [Screen("/preferences/second-factor/app/", (REP,), status=403)],
    "second_factor_passkey": [Screen("/preferences/second-factor/passkey/", (REP,), status=403)],
    "second_factor_remove": TAKES_A_FORM,
    "second_factor_codes": MOVES_ON,
    "second_factor_codes_file": MOVES_ON,
    "second_factor_renew": TAKES_A_FORM,
    "second_factor_confirm": [Screen("/preferences/second-factor/confirm/", (REP,))],
    "account_reset_password": [Screen("/accounts/password/reset/", (NOBODY,))],
    "account_reset_password_done": [Screen("/accounts/password/reset/sent/", (NOBODY,))],
    "account_reset_password_from_key": [
        Screen("/accounts/password/new/1/forged/", (NOBODY,), status=404)
    ],
    "account_reset_password_from_key_done": [Screen("/accounts/password/new/done/", (NOBODY,))],
    "demo_sign_in": TAKES_A_FORM,
    "set_language": MOVES_ON,
    "choose_zone": TAKES_A_FORM,
    "preferences": [Screen("/preferences/", SIGNED_IN)],
    **dict.fromkeys(("leave_take", "leave_end"), TAKES_A_FORM),
    "join": [Screen("/join/1/forged/", (NOBODY,), status=404)],
    "people": [
        Screen("/people/", (ADMIN,)),
        Screen("/people/?show=gone", (ADMIN,)),
        Screen("/people/?show=imported&q=nobody", (ADMIN,)),
        Screen("/people/?show=nothing", (ADMIN,), status=400),
        Screen("/people/", (DIRECTOR, LEAD), status=403),
    ],
    "people_invite": [Screen("/people/invite/", (ADMIN,))],
    "person": [Screen("/people/1/", (ADMIN,)), Screen("/people/999999/", (ADMIN,), status=404)],
    **dict.fromkeys(("person_edit", "person_place", "person_leave"), TAKES_A_FORM),
    **dict.fromkeys(("person_leave_end", "person_link", "person_revoke"), TAKES_A_FORM),
    **dict.fromkeys(("person_sessions", "person_second_factor"), TAKES_A_FORM),
    "person_hand_over": [Screen("/people/3/hand-over/", (ADMIN,))],
    "person_deactivate": [Screen("/people/3/deactivate/", (ADMIN,))],
    "person_reactivate": TAKES_A_FORM,
    "team_list": [Screen("/teams/", (ADMIN,))],
    "team": [Screen("/teams/1/", (ADMIN,))],
    **dict.fromkeys(("team_archive", "team_restore"), TAKES_A_FORM),
    "session_list": [Screen("/preferences/sessions/", (REP,))],
    **dict.fromkeys(("session_end", "session_end_others"), TAKES_A_FORM),
    "api_keys": [Screen("/preferences/keys/", SIGNED_IN)],
    "api_key_revoke": TAKES_A_FORM,
    "api_docs": [Screen("/api/v1/docs/", (REP,))],
    "notice_list": [
        Screen("/notices/", SIGNED_IN),
        Screen("/notices/?group=deadlines", (LEAD,)),
        Screen("/notices/?group=personas", (REP,)),
    ],
    "notice_open": TAKES_A_FORM,
    "first_steps_dismiss": TAKES_A_FORM,
    "notice_mark_read": TAKES_A_FORM,
    "alignment": [
        Screen("/alignment/", READERS),
        Screen("/alignment/", (ADMIN,), status=403),
        Screen("/alignment/?from=2020-01-01&to=2020-01-31", (DIRECTOR,)),
        Screen("/alignment/?sort=-won&team=1", (DIRECTOR,)),
        Screen("/alignment/?from=someday", (DIRECTOR,), status=400),
    ],
    "alignment_csv": DATA,
    "alignment_leads": [
        Screen("/alignment/leads/?show=leads", (MARKETING, DIRECTOR)),
        Screen("/alignment/leads/?show=decided", (REP, LEAD)),
        Screen("/alignment/leads/?show=rejected_for&reason=not_the_persona", (DIRECTOR,)),
        Screen("/alignment/leads/?show=won&from=2020-01-01&to=2020-01-31", (DIRECTOR,)),
        Screen("/alignment/leads/?show=nothing", (DIRECTOR,), status=400),
    ],
    "agreement": [Screen("/agreement/", SIGNED_IN)],
    "agreement_list": [Screen("/agreement/all/", (LEAD, REP))],
    "agreement_version": [
        Screen("/agreement/{draft}/", (MARKETING, LEAD, DIRECTOR)),
        Screen("/agreement/{first}/", (REP,)),
        Screen("/agreement/{waiting}/", (LEAD, REP)),
        Screen("/agreement/999999/", (REP,), status=404),
    ],
    "agreement_edit": [
        Screen("/agreement/{draft}/edit/", (LEAD,)),
        Screen("/agreement/{draft}/edit/", (REP,), status=403),
    ],
    "agreement_new": [
        Screen("/agreement/new/", (LEAD,)),
        Screen("/agreement/new/", (DIRECTOR,), status=403),
    ],
    "agreement_diff": [
        Screen("/agreement/{draft}/diff/", (LEAD, REP)),
        Screen("/agreement/{waiting}/diff/", (LEAD,)),
    ],
    "agreement_print": [Screen("/agreement/{first}/print/", (REP,))],
    "agreement_sign": [
        Screen("/agreement/{waiting}/sign/", (LEAD,)),
        Screen("/agreement/{waiting}/sign/", (DIRECTOR,), status=403),
    ],
    "agreement_reopen": [Screen("/agreement/{waiting}/reopen/", (LEAD,))],
    "agreement_next": TAKES_A_FORM,
    "agreement_propose": TAKES_A_FORM,
    "agreement_discard": TAKES_A_FORM,
    "agreement_comment": TAKES_A_FORM,
    "agreement_capacity": TAKES_A_FORM,
    "rejection_reasons": [
        Screen("/agreement/reasons/", (LEAD, ADMIN)),
        Screen("/agreement/reasons/", (REP,), status=403),
    ],
    "rejection_reason": [Screen("/agreement/reasons/1/", (LEAD,))],
    "pause_reasons": [
        Screen("/agreement/pauses/", (LEAD, ADMIN)),
        Screen("/agreement/pauses/", (REP,), status=403),
    ],
    "pause_reason": [Screen("/agreement/pauses/1/", (LEAD,))],
    "pause_reason_archive": TAKES_A_FORM,
    "pause_reason_restore": TAKES_A_FORM,
    "pause_reason_delete": TAKES_A_FORM,
    "rejection_reason_archive": TAKES_A_FORM,
    "rejection_reason_restore": TAKES_A_FORM,
    "rejection_reason_delete": TAKES_A_FORM,
    "queue": [
        Screen("/queue/", READERS),
        Screen("/queue/?tab=decided", (REP, LEAD)),
        Screen("/queue/?country=MX&q=nobody", (REP,)),
        Screen("/queue/", (ADMIN,)),
        Screen("/queue/?tab=soon", (REP,)),
        Screen("/queue/?tab=overdue", (REP,)),
        Screen("/queue/?tab=nothing", (REP,), status=400),
    ],
    "desk": [
        *(Screen(f"/desk/?tab={tab}", (MARKETING,)) for tab in TAB_LABELS),
        Screen("/desk/?tab=nothing", (MARKETING,), status=400),
        Screen("/desk/", (REP, ADMIN), status=403),
    ],
    # Of a part of a page: what stands in its place.
    "desk_counts": [
        Screen("/desk/counts/?tab=nothing", (MARKETING,), status=400),
        Screen("/desk/counts/?tab=ready", (REP, ADMIN), status=403),
    ],
    "desk_director": [
        Screen("/desk/director/", (DIRECTOR,)),
        Screen("/desk/director/?tab=escalated", (DIRECTOR,)),
    ],
    "desk_team": [
        Screen("/desk/team/", (LEAD, DIRECTOR)),
        Screen("/desk/team/?person=5", (LEAD,)),
        Screen("/desk/team/", (REP, ADMIN), status=403),
    ],
    "desk_unconfirmed": [Screen("/desk/team/contacts/", (LEAD, DIRECTOR))],
    "mine_unconfirmed": [Screen("/mine/contacts/?tab=notes", (REP,))],
    "lead_mine": [Screen("/mine/", (MARKETING, REP)), Screen("/mine/?tab=today", (REP,))],
    "lead_list": [
        Screen("/leads/", READERS),
        Screen("/leads/?q=nobody&stage=won", (MARKETING,)),
        Screen("/leads/?country=MX&clock=late", (LEAD,)),
        Screen("/leads/?since=someday", (MARKETING,), status=400),
        Screen("/leads/", (ADMIN,)),
    ],
    "bulk": TAKES_A_FORM,
    "bulk_act": [
        # Made by crowd.py, in this order: to hand off, handed off, to assign.
        Screen("/leads/bulk/1/", (MARKETING,)),
        Screen("/leads/bulk/2/", (MARKETING,)),
        Screen("/leads/bulk/3/", (LEAD,)),
        Screen("/leads/bulk/1/", (LEAD,), status=404),
    ],
    "bulk_start": TAKES_A_FORM,
    "bulk_progress": [Screen("/leads/bulk/999999/progress/", (MARKETING,), status=404)],
    "lead_new": [Screen("/leads/new/", (MARKETING,)), Screen("/leads/new/", (REP,), status=403)],
    "lead": [
        of(CAPTURED, MARKETING, DIRECTOR),
        of(PENDING, *READERS),
        of(PROVEN, REP),
        of(ACCEPTED, MARKETING, REP, LEAD),
        of(CONTACTED, REP),
        of(SQL, REP),
        of(WON, MARKETING, REP),
        of(TRIED, REP, LEAD),
        of(LEFT_ALONE, MARKETING, REP),
        of(RETURNED, MARKETING, DIRECTOR),
        of(LONG, MARKETING, REP),
        of(DISPUTED, DIRECTOR, MARKETING, REP),
        of(PARKED, MARKETING),
        of(TWIN, MARKETING, REP),
        Screen("/leads/999999/", (REP,), status=404),
    ],
    "lead_edit": [
        Screen("/leads/{lead}/edit/", (MARKETING,), LONG),
        Screen("/leads/{lead}/edit/", (REP,), ACCEPTED),
    ],
    "lead_qualify": [
        Screen("/leads/{lead}/qualify/", (MARKETING,), CAPTURED),
        Screen("/leads/{lead}/qualify/", (MARKETING,), RETURNED),
        Screen("/leads/{lead}/qualify/", (MARKETING,), BARE),
    ],
    **dict.fromkeys(("lead_mql", "lead_hand_off", "lead_action"), TAKES_A_FORM),
    "lead_evidence": TAKES_A_FORM,
    "lead_fact": TAKES_A_FORM,
    "lead_field": IN_PLACE,
    "lead_note": TAKES_A_FORM,
    "lead_consent": TAKES_A_FORM,
    "lead_override": TAKES_A_FORM,
    "away": [Screen("/away/", (REP, ADMIN))],
    "message_templates": [Screen("/templates/", (LEAD, DIRECTOR))],
    "message_template_new": [Screen("/templates/new/", (LEAD,))],
    "message_template": [Screen("/templates/999999/", (LEAD,), status=404)],
    **dict.fromkeys(("message_template_archive", "message_template_restore"), TAKES_A_FORM),
    "handoff_truth": TAKES_A_FORM,
    "action_kinds": [Screen("/actions/", (LEAD, ADMIN)), Screen("/actions/", (REP,), status=403)],
    "action_kind_new": [Screen("/actions/new/", (LEAD,))],
    "action_kind": [
        Screen("/actions/1/", (ADMIN,)),
        Screen("/actions/999999/", (ADMIN,), status=404),
    ],
    **dict.fromkeys(("action_kind_up", "action_kind_down"), TAKES_A_FORM),
    **dict.fromkeys(("action_kind_archive", "action_kind_restore"), TAKES_A_FORM),
    "impact_persona": [
        Screen("/impact/personas/1/", (MARKETING, DIRECTOR)),
        Screen("/impact/personas/1/", (ADMIN,), status=403),
    ],
    "impact_agreement": [Screen("/impact/agreements/1/", (REP, LEAD))],
    "import_list": [
        Screen("/imports/", (MARKETING, DIRECTOR)),
        Screen("/imports/", (REP,), status=404),
    ],
    "import_new": [
        Screen("/imports/new/", (MARKETING,)),
        Screen("/imports/new/", (DIRECTOR,), status=404),
    ],
    "import_run": [
        Screen("/imports/{checked}/", (MARKETING, DIRECTOR)),
        Screen("/imports/{done}/", (MARKETING, DIRECTOR)),
        Screen("/imports/999999/", (MARKETING,), status=404),
    ],
    "import_rows": [
        Screen("/imports/{done}/rows/", (MARKETING, DIRECTOR)),
        Screen("/imports/{done}/rows/", (REP,), status=404),
    ],
    "import_columns": [
        Screen("/imports/{checked}/columns/", (MARKETING,)),
        Screen("/imports/999999/columns/", (MARKETING,), status=404),
    ],
    "import_reading": TAKES_A_FORM,
    "import_custom_field": TAKES_A_FORM,
    **dict.fromkeys(("import_start", "import_discard", "import_undo"), TAKES_A_FORM),
    "import_progress": [Screen("/imports/999999/progress/", (MARKETING,), status=404)],
    "import_rejects": [Screen("/imports/999999/rejects.csv", (MARKETING,), status=404)],
    "reapply": [
        Screen("/reapply/", (LEAD, DIRECTOR)),
        Screen("/reapply/", (MARKETING, REP, ADMIN), status=403),
    ],
    **dict.fromkeys(("lead_next_step", "handoff_begin", "agreement_promise"), TAKES_A_FORM),
    "handoff_accept": TAKES_A_FORM,
    "handoff_accept_as_sql": TAKES_A_FORM,
    "handoff_reject": [Screen("/handoffs/{handoff}/reject/", (REP,), LONG)],
    "handoff_misroute": [Screen("/handoffs/{handoff}/misroute/", (REP,), LONG)],
    "handoff_duplicate": [Screen("/handoffs/{handoff}/duplicate/", (REP,), LONG)],
    "handoff_link": [Screen("/handoffs/{handoff}/link/", (MARKETING,), RETURNED)],
    **dict.fromkeys(("handoff_undo", "handoff_give-return", "lead_consent"), TAKES_A_FORM),
    **{step.url_name: TAKES_A_FORM for step in STEPS.values()},
    "personas": [Screen("/personas/", SIGNED_IN)],
    "persona_new": [
        Screen("/personas/new/", (LEAD, DIRECTOR)),
        Screen("/personas/new/", (REP,), status=403),
    ],
    "persona_results": [
        Screen("/personas/results/", READERS),
        Screen("/personas/results/?from=2020-01-01&to=2020-01-31", (DIRECTOR,)),
        Screen("/personas/results/?from=someday", (DIRECTOR,), status=400),
        Screen("/personas/results/", (ADMIN,), status=403),
    ],
    "custom_fields": [
        Screen("/personas/fields/", (LEAD, ADMIN)),
        Screen("/personas/fields/", (REP,), status=403),
    ],
    "custom_field": [
        Screen("/personas/fields/1/", (ADMIN,)),
        Screen("/personas/fields/999999/", (ADMIN,), status=404),
    ],
    **dict.fromkeys(("custom_field_archive", "custom_field_restore"), TAKES_A_FORM),
    # of the demo's two personas the second has an open draft (crowd.make)
    "persona": [
        Screen("/personas/1/", (MARKETING, REP, ADMIN)),
        Screen("/personas/1/?version=1", (REP,)),
        Screen("/personas/2/", (LEAD,)),
        Screen("/personas/2/?version=3", (MARKETING, LEAD, DIRECTOR)),
        Screen("/personas/999999/", (REP,), status=404),
    ],
    "persona_versions": [
        Screen("/personas/1/versions/", (MARKETING,)),
        Screen("/personas/2/versions/", (LEAD,)),
    ],
    "persona_edit": [
        Screen("/personas/2/edit/", (LEAD, DIRECTOR)),
        Screen("/personas/2/edit/", (REP,), status=403),
    ],
    "persona_rename": TAKES_A_FORM,
    "persona_archive": TAKES_A_FORM,
    "persona_restore": TAKES_A_FORM,
    "persona_draft": TAKES_A_FORM,
    "persona_reading": TAKES_A_FORM,
    "persona_publish": TAKES_A_FORM,
    "persona_discard": TAKES_A_FORM,
    "setup": [Screen("/setup/", (ADMIN,)), Screen("/setup/", (DIRECTOR,), status=403)],
    "setup_first": MOVES_ON,
    "setup_organisation": [Screen("/setup/organisation/", (ADMIN,))],
    "setup_holidays": [Screen("/setup/holidays/", (ADMIN,))],
    "setup_hours": [Screen("/setup/hours/", (ADMIN,))],
    "setup_teams": [Screen("/setup/teams/", (ADMIN,))],
    "setup_persona": [Screen("/setup/persona/", (ADMIN,))],
    "setup_agreement": [Screen("/setup/agreement/", (ADMIN,))],
    "setup_sign": [
        Screen("/setup/agreement/sign/", (ADMIN, LEAD)),
        Screen("/setup/agreement/sign/", (REP,), status=403),
    ],
    "setup_test": [Screen("/setup/test/", (ADMIN,))],
    "setup_test_now": FOR_ADMINS,
    "setup_test_remove": TAKES_A_FORM,
    "setup_skip": TAKES_A_FORM,
    "setup_end": TAKES_A_FORM,
    "calendars": [Screen("/calendars/", SIGNED_IN)],
    "calendar": [
        Screen("/calendars/3/", (REP, ADMIN)),
        Screen("/calendars/1/?year=2027", (LEAD, ADMIN)),
        Screen("/calendars/3/?year=soon", (REP,), status=400),
        Screen("/calendars/999999/", (REP,), status=404),
    ],
    "calendar_new": [
        Screen("/calendars/new/", (ADMIN,)),
        Screen("/calendars/new/?copy=3", (ADMIN,)),
        Screen("/calendars/new/", (LEAD, DIRECTOR), status=403),
    ],
    "calendar_edit": [
        Screen("/calendars/1/edit/", (ADMIN,)),
        Screen("/calendars/3/edit/", (ADMIN,)),
    ],
    "calendar_week": [
        Screen("/calendars/1/hours/", (ADMIN,)),
        Screen("/calendars/3/hours/", (ADMIN,)),
    ],
    "calendar_day": [
        Screen("/calendars/3/days/", (ADMIN,)),
        Screen("/calendars/3/days/", (REP,), status=403),
    ],
    "calendar_holidays": [
        Screen("/calendars/3/holidays/?year=2027", (ADMIN,)),
        Screen("/calendars/3/holidays/?country=CL&region=RM&year=2027", (ADMIN,)),
        Screen("/calendars/3/holidays/?year=soon", (ADMIN,), status=422),
    ],
    "calendar_tester": [
        Screen("/calendars/tester/", (MARKETING, ADMIN)),
        Screen("/calendars/tester/?calendar=3&at=2026-11-28T15:00&hours=1", (REP,)),
        Screen("/calendars/tester/?calendar=3&at=2026-12-23T16:00&hours=200", (LEAD,)),
        Screen("/calendars/tester/?calendar=3&at=soon&hours=1", (DIRECTOR,), status=422),
    ],
    **dict.fromkeys(("calendar_archive", "calendar_restore"), TAKES_A_FORM),
    "start_fresh": [
        Screen("/setup/start-fresh/", (DIRECTOR, ADMIN)),
        Screen("/setup/start-fresh/", (REP,), status=403),
    ],
}


def seen_by(part: str) -> list[Screen]:
    """The screens of one part, in the order of the table."""
    listed = [
        screen for screens in SCREENS.values() if not isinstance(screens, str) for screen in screens
    ]
    return [screen for screen in listed if part in screen.parts]


Rows = Callable[..., list[tuple[Any, ...]]]


def ids_of(rows: Rows) -> dict[str, int]:
    """Return the ids that paths may hold, but for those of a person."""
    imports = dict(rows("SELECT state, max(id) FROM leads_importrun GROUP BY state"))
    versions = dict(rows("SELECT state, min(id) FROM sla_agreementversion GROUP BY state"))
    return {
        "checked": imports["checked"],
        "done": imports["done"],
        "first": versions["superseded"],
        "draft": versions["draft"],
        "waiting": versions["proposed"],
    }


def path_of(screen: Screen, rows: Rows) -> str:
    """Return the address of the screen, with the ids of its person's lead and handoff.

    ``rows(sql, *values)`` asks the database.
    """
    lead = handoff = 0
    if screen.person:
        ((lead, handoff),) = rows(LEAD_OF, screen.person)
    return screen.path.format(lead=lead, handoff=handoff or 0, **ids_of(rows))
