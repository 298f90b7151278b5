"""URLs of leads, the queue and handoffs."""

from django.urls import path

from leads.forms.handoff_steps import STEPS
from leads.views import (
    away,
    bulk,
    follow_up,
    handoff_steps,
    handoffs,
    impact,
    import_columns,
    import_rows,
    imports,
    leads,
    qualification,
    queue,
    reapply,
    search,
)
from leads.views.desks import director as director_desk
from leads.views.desks import marketing as marketing_desk
from leads.views.desks import mine, unconfirmed
from leads.views.desks import team as team_desk
from leads.views.lead import edit, evidence, fields, notes, page
from leads.views.returns import assignment, duplicates, misrouting
from leads.views.settings import templates, valuable_actions

urlpatterns = [
    path("search/", search.search_leads, name="search"),
    path("queue/", queue.queue, name="queue"),
    path("mine/", mine.mine, name="lead_mine"),
    path("desk/", marketing_desk.desk, name="desk"),
    path("desk/counts/", marketing_desk.counts, name="desk_counts"),
    path("desk/director/", director_desk.desk, name="desk_director"),
    path("desk/team/", team_desk.desk, name="desk_team"),
    path("desk/team/contacts/", unconfirmed.of_team, name="desk_unconfirmed"),
    path("mine/contacts/", unconfirmed.own, name="mine_unconfirmed"),
    path("away/", away.while_away, name="away"),
    path("leads/", leads.lead_list, name="lead_list"),
    path("leads/bulk/", bulk.choose, name="bulk"),
    path("leads/bulk/<int:pk>/", bulk.bulk_act, name="bulk_act"),
    path("leads/bulk/<int:pk>/start/", bulk.start, name="bulk_start"),
    path("leads/bulk/<int:pk>/progress/", bulk.progress, name="bulk_progress"),
    path("leads/new/", leads.lead_new, name="lead_new"),
    path("leads/<int:pk>/", page.lead_page, name="lead"),
    path("leads/<int:pk>/edit/", edit.lead_edit, name="lead_edit"),
    path("leads/<int:pk>/fields/<str:name>/", fields.lead_field, name="lead_field"),
    path("leads/<int:pk>/qualify/", qualification.qualify, name="lead_qualify"),
    path("leads/<int:pk>/mql/", qualification.mark_mql, name="lead_mql"),
    path("leads/<int:pk>/hand-off/", qualification.hand_off, name="lead_hand_off"),
    path("leads/<int:pk>/actions/", evidence.add_action, name="lead_action"),
    path("leads/<int:pk>/evidence/<slug:code>/", evidence.add_evidence, name="lead_evidence"),
    path("leads/<int:pk>/evidence/<slug:code>/fact/", evidence.give_fact, name="lead_fact"),
    path("leads/<int:pk>/notes/", notes.add_note, name="lead_note"),
    path("leads/<int:pk>/next-step/", follow_up.plan, name="lead_next_step"),
    path("leads/<int:pk>/consent/", follow_up.consent, name="lead_consent"),
    path("leads/<int:pk>/override/<slug:code>/", evidence.override, name="lead_override"),
    path("templates/", templates.template_list, name="message_templates"),
    path("templates/new/", templates.template_new, name="message_template_new"),
    path("templates/<int:pk>/", templates.template_edit, name="message_template"),
    path(
        "templates/<int:pk>/archive/", templates.template_archive, name="message_template_archive"
    ),
    path(
        "templates/<int:pk>/restore/", templates.template_restore, name="message_template_restore"
    ),
    path("actions/", valuable_actions.kind_list, name="action_kinds"),
    path("actions/new/", valuable_actions.kind_new, name="action_kind_new"),
    path("actions/<int:pk>/", valuable_actions.kind_edit, name="action_kind"),
    path(
        "actions/<int:pk>/up/",
        valuable_actions.kind_move,
        {"direction": "up"},
        name="action_kind_up",
    ),
    path(
        "actions/<int:pk>/down/",
        valuable_actions.kind_move,
        {"direction": "down"},
        name="action_kind_down",
    ),
    path("actions/<int:pk>/archive/", valuable_actions.kind_archive, name="action_kind_archive"),
    path("actions/<int:pk>/restore/", valuable_actions.kind_restore, name="action_kind_restore"),
    path("impact/personas/<int:pk>/", impact.of_persona, name="impact_persona"),
    path("impact/agreements/<int:pk>/", impact.of_agreement, name="impact_agreement"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<int:pk>/", imports.import_run, name="import_run"),
    path("imports/<int:pk>/reading/", imports.read_as, name="import_reading"),
    path("imports/<int:pk>/columns/", imports.match, name="import_columns"),
    path(
        "imports/<int:pk>/custom-field/",
        import_columns.make_custom_field,
        name="import_custom_field",
    ),
    path("imports/<int:pk>/start/", imports.start, name="import_start"),
    path("imports/<int:pk>/discard/", imports.discard, name="import_discard"),
    path("imports/<int:pk>/undo/", imports.undo, name="import_undo"),
    path("imports/<int:pk>/progress/", imports.progress, name="import_progress"),
    path("imports/<int:pk>/rows/", import_rows.import_rows, name="import_rows"),
    path("imports/<int:pk>/rejects.csv", imports.rejects, name="import_rejects"),
    path("reapply/", reapply.reapply, name="reapply"),
    path("handoffs/<int:pk>/accept/", handoffs.accept, name="handoff_accept"),
    path("handoffs/<int:pk>/accept-as-sql/", handoffs.accept_as_sql, name="handoff_accept_as_sql"),
    path("handoffs/<int:pk>/reject/", handoffs.reject, name="handoff_reject"),
    path("handoffs/<int:pk>/begin/", follow_up.begin, name="handoff_begin"),
    path("handoffs/<int:pk>/misroute/", misrouting.misroute, name="handoff_misroute"),
    path("handoffs/<int:pk>/duplicate/", duplicates.duplicate, name="handoff_duplicate"),
    path("handoffs/<int:pk>/give-return/", assignment.give, name="handoff_give-return"),
    path("handoffs/<int:pk>/link/", duplicates.link, name="handoff_link"),
    path("handoffs/<int:pk>/undo/", handoffs.undo, name="handoff_undo"),
    path("handoffs/<int:pk>/truth/", handoff_steps.answer_truth, name="handoff_truth"),
    *(
        path(
            f"handoffs/<int:pk>/{name}/",
            handoff_steps.take_step,
            {"name": name},
            name=step.url_name,
        )
        for name, step in STEPS.items()
    ),
]
