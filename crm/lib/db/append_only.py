"""Tables whose rows are written once: events, audit entries, firings, packages and others.

The product's database role may only read and insert them (crm.lib.db.rights). A trigger refuses
every change by any role, except that the personal data in ``payload`` may be emptied (erasure for
privacy).
"""

from __future__ import annotations

TABLES: list[str] = [
    "audit_entry",
    "leads_event",
    "leads_evidence",
    "leads_firsttouch",
    "leads_package",
    "sla_comment",
    "sla_firing",
    "sla_signature",
    "sla_stint",
]
# Nothing in it can be erased, because it holds no personal data.
WITHOUT_PAYLOAD = ["sla_snapshot"]
