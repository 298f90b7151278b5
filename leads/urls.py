"""URLs of leads, the queue and handoffs."""

from django.urls import path

from leads.views import edits, found, imports, lists, notes, pages, qualifying, steps

urlpatterns = [
    path("search/", found.search_leads, name="search"),
    path("queue/", lists.queue, name="queue"),
    path("mine/", lists.mine, name="lead_mine"),
    path("leads/", lists.lead_list, name="lead_list"),
    path("leads/new/", pages.lead_new, name="lead_new"),
    path("leads/<int:pk>/", pages.lead_page, name="lead"),
    path("leads/<int:pk>/edit/", edits.lead_edit, name="lead_edit"),
    path("leads/<int:pk>/qualify/", qualifying.qualify, name="lead_qualify"),
    path("leads/<int:pk>/mql/", qualifying.mark_mql, name="lead_mql"),
    path("leads/<int:pk>/hand-off/", qualifying.hand_off, name="lead_hand_off"),
    path("leads/<int:pk>/actions/", notes.add_action, name="lead_action"),
    path("leads/<int:pk>/evidence/<slug:code>/", notes.add_evidence, name="lead_evidence"),
    path("leads/<int:pk>/override/<slug:code>/", notes.override, name="lead_override"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<int:pk>/", imports.import_run, name="import_run"),
    path("imports/<int:pk>/reading/", imports.read_as, name="import_reading"),
    path("imports/<int:pk>/columns/", imports.match, name="import_columns"),
    path("imports/<int:pk>/start/", imports.start, name="import_start"),
    path("imports/<int:pk>/discard/", imports.discard, name="import_discard"),
    path("imports/<int:pk>/undo/", imports.undo, name="import_undo"),
    path("imports/<int:pk>/progress/", imports.progress, name="import_progress"),
    path("imports/<int:pk>/rejects.csv", imports.rejects, name="import_rejects"),
    path("handoffs/<int:pk>/accept/", steps.accept, name="handoff_accept"),
    path("handoffs/<int:pk>/accept-as-sql/", steps.accept_as_sql, name="handoff_accept_as_sql"),
    path("handoffs/<int:pk>/reject/", steps.reject, name="handoff_reject"),
    path("handoffs/<int:pk>/undo/", steps.undo, name="handoff_undo"),
    path("handoffs/<int:pk>/withdraw/", steps.withdraw, name="handoff_withdraw"),
    path("handoffs/<int:pk>/requeue/", steps.requeue, name="handoff_requeue"),
    path("handoffs/<int:pk>/reassign/", steps.reassign, name="handoff_reassign"),
    path("handoffs/<int:pk>/attempt/", steps.attempt, name="handoff_attempt"),
    path("handoffs/<int:pk>/sql/", steps.sql, name="handoff_sql"),
    path("handoffs/<int:pk>/opportunity/", steps.opportunity, name="handoff_opportunity"),
    path("handoffs/<int:pk>/win/", steps.win, name="handoff_win"),
    path("handoffs/<int:pk>/lose/", steps.lose, name="handoff_lose"),
    path("handoffs/<int:pk>/disqualify/", steps.disqualify, name="handoff_disqualify"),
]
