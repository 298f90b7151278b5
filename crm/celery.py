"""The Celery application. Queues: ``deadline`` (the sweep), ``notify`` (the outbox), ``import``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("relevo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["crm"])
# UTC intervals only: crontab entries skip or double on clock changes. An entry that waited longer
# than its own interval is dropped, so a worker that comes back does not run many stale sweeps.
app.conf.beat_schedule = {
    "sweep-deadlines": {
        "task": "crm.tasks.sweep_deadlines",
        # A part of the 20 s of sla.clocks.heartbeats.
        "schedule": 5.0,
        "options": {"queue": "deadline", "expires": 5},
    },
    "deliver-messages": {
        "task": "crm.tasks.deliver_messages",
        "schedule": 10.0,
        "options": {"queue": "notify", "expires": 10},
    },
    "send-mails": {
        "task": "crm.tasks.send_mails",
        "schedule": 10.0,
        "options": {"queue": "notify", "expires": 10},
    },
    "work-on-bulk-acts": {
        "task": "crm.tasks.work_on_bulk_acts",
        "schedule": 5.0,
        "options": {"queue": "import", "expires": 5},
    },
    "work-on-imports": {
        "task": "crm.tasks.work_on_imports",
        "schedule": 5.0,
        "options": {"queue": "import", "expires": 5},
    },
}
