"""URLs of the API below /api/v1/.

The funnel is in a package of the same layer, so crm.urls adds it.
"""

from django.urls import path, re_path

from crm.accounts import api as accounts
from crm.api import views
from crm.api.endpoint import Unknown, mount
from crm.api.schema import Schema
from leads.api import (
    catalogues,
    corrections,
    evidence,
    handoff_steps,
    handoffs,
    leads,
    qualification,
    routing,
)
from leads.api.follow_up import (
    attempts,
    consent,
    messages,
    next_steps,
    package_truth,
    unconfirmed,
)
from leads.api.returns import disputes
from leads.api.returns import steps as return_steps

urlpatterns = [
    path("schema/", mount(Schema), name="api_schema"),
    path("docs/", views.docs, name="api_docs"),
    path("leads/", mount(leads.Leads), name="api_leads"),
    path("leads/<int:pk>/", mount(leads.LeadDetail), name="api_lead"),
    path("leads/<int:pk>/actions/", mount(evidence.LeadActions), name="api_lead_actions"),
    path("leads/<int:pk>/evidence/", mount(evidence.LeadEvidence), name="api_lead_evidence"),
    path(
        "leads/<int:pk>/qualification/",
        mount(qualification.Qualification),
        name="api_lead_qualification",
    ),
    path("leads/<int:pk>/next-step/", mount(next_steps.LeadNextStep), name="api_lead_next_step"),
    path("leads/<int:pk>/consent/", mount(consent.Consent), name="api_lead_consent"),
    path("leads/<int:pk>/handoffs/", mount(handoffs.HandOff), name="api_lead_hand_off"),
    path("handoffs/", mount(handoffs.Handoffs), name="api_handoffs"),
    path("handoffs/<int:pk>/", mount(handoffs.HandoffDetail), name="api_handoff"),
    path("handoffs/<int:pk>/accept/", mount(handoff_steps.Accept), name="api_handoff_accept"),
    path("handoffs/<int:pk>/reject/", mount(handoff_steps.Reject), name="api_handoff_reject"),
    path("handoffs/<int:pk>/close/", mount(return_steps.Close), name="api_handoff_close"),
    path("handoffs/<int:pk>/recycle/", mount(return_steps.Recycle), name="api_handoff_recycle"),
    path("handoffs/<int:pk>/wake/", mount(return_steps.Wake), name="api_handoff_wake"),
    path("handoffs/<int:pk>/truth/", mount(package_truth.PackageTruth), name="api_handoff_truth"),
    path(
        "handoffs/<int:pk>/give-back/", mount(return_steps.GiveBack), name="api_handoff_give_back"
    ),
    path(
        "handoffs/<int:pk>/not-reached/",
        mount(return_steps.NotReached),
        name="api_handoff_not_reached",
    ),
    path("handoffs/<int:pk>/take-up/", mount(return_steps.TakeUp), name="api_handoff_take_up"),
    path("handoffs/<int:pk>/dispute/", mount(disputes.Dispute), name="api_handoff_dispute"),
    path("handoffs/<int:pk>/uphold/", mount(disputes.Uphold), name="api_handoff_uphold"),
    path("handoffs/<int:pk>/deny/", mount(disputes.Deny), name="api_handoff_deny"),
    path("handoffs/<int:pk>/once-more/", mount(disputes.OnceMore), name="api_handoff_once_more"),
    path("handoffs/<int:pk>/end-case/", mount(disputes.EndCase), name="api_handoff_end_case"),
    path("handoffs/<int:pk>/park-case/", mount(disputes.ParkCase), name="api_handoff_park_case"),
    path("handoffs/<int:pk>/misroute/", mount(routing.Misroute), name="api_handoff_misroute"),
    path("handoffs/<int:pk>/duplicate/", mount(routing.Duplicate), name="api_handoff_duplicate"),
    path("handoffs/<int:pk>/link/", mount(routing.LinkDuplicate), name="api_handoff_link"),
    path("handoffs/<int:pk>/withdraw/", mount(routing.Withdraw), name="api_handoff_withdraw"),
    path("handoffs/<int:pk>/requeue/", mount(routing.Requeue), name="api_handoff_requeue"),
    path("handoffs/<int:pk>/reassign/", mount(routing.Reassign), name="api_handoff_reassign"),
    path("handoffs/<int:pk>/contact/", mount(attempts.Record), name="api_handoff_contact"),
    path("handoffs/<int:pk>/attempts/", mount(attempts.Attempts), name="api_handoff_attempts"),
    path("handoffs/<int:pk>/begin/", mount(attempts.Begin), name="api_handoff_begin"),
    path("handoffs/<int:pk>/outcome/", mount(attempts.Settle), name="api_handoff_outcome"),
    path("handoffs/<int:pk>/messages/", mount(messages.Messages), name="api_handoff_messages"),
    path("handoffs/<int:pk>/pause/", mount(handoff_steps.Pause), name="api_handoff_pause"),
    path("handoffs/<int:pk>/resume/", mount(handoff_steps.Resume), name="api_handoff_resume"),
    path("handoffs/<int:pk>/qualify/", mount(handoff_steps.Qualify), name="api_handoff_qualify"),
    path(
        "handoffs/<int:pk>/opportunity/",
        mount(handoff_steps.Opportunity),
        name="api_handoff_opportunity",
    ),
    path("handoffs/<int:pk>/expect/", mount(handoff_steps.Expect), name="api_handoff_expect"),
    path("handoffs/<int:pk>/win/", mount(handoff_steps.CloseWon), name="api_handoff_win"),
    path("handoffs/<int:pk>/lose/", mount(handoff_steps.CloseLost), name="api_handoff_lose"),
    path(
        "handoffs/<int:pk>/disqualify/",
        mount(handoff_steps.Disqualify),
        name="api_handoff_disqualify",
    ),
    path("handoffs/<int:pk>/amount/", mount(corrections.CorrectAmount), name="api_handoff_amount"),
    path("handoffs/<int:pk>/reopen/", mount(corrections.Reopen), name="api_handoff_reopen"),
    path("attempts/unconfirmed/", mount(unconfirmed.Unconfirmed), name="api_attempts_unconfirmed"),
    path("next-steps/", mount(next_steps.NextSteps), name="api_next_steps"),
    path("leaves/", mount(accounts.Leaves), name="api_leaves"),
    path("leaves/<int:pk>/end/", mount(accounts.EndLeave), name="api_leave_end"),
    path("teams/", mount(catalogues.Teams), name="api_teams"),
    path("personas/", mount(catalogues.Personas), name="api_personas"),
    path("rejection-reasons/", mount(catalogues.RejectionReasons), name="api_rejection_reasons"),
    path("outcome-reasons/", mount(catalogues.OutcomeReasons), name="api_outcome_reasons"),
    path("pause-reasons/", mount(catalogues.PauseReasons), name="api_pause_reasons"),
    path("action-kinds/", mount(catalogues.ActionKinds), name="api_action_kinds"),
    path("sources/", mount(catalogues.Sources), name="api_sources"),
    # Last, because it takes every address: a wrong one gets a problem in JSON, not a page.
    re_path(r"", Unknown.as_view(), name="api_unknown"),
]
