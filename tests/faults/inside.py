"""What tests run inside the product's environment: ``manage.py shell -c "from tests.faults.inside
import …"``.
"""

import time

from crm.accounts.models import Team, User
from crm.lib import clock
from leads import handoffs
from leads.models import Source, ValuableActionKind
from leads.records import leads
from personas.models import PersonaVersion


def make(count):
    """Hand off ``count`` new leads to the team that works around the clock, and print the
    handoffs' ids.
    """
    team = Team.objects.get(name="Ventas en línea")
    ana = User.objects.get(email="ana@demo.relevo.test")
    persona = PersonaVersion.objects.get(persona__slug="commercial-leader", state="published")
    source = Source.objects.get(code="event")
    action = ValuableActionKind.objects.get(code="asked_for_demo")
    made = []
    for number in range(count):
        at = clock.now()
        person = {
            "name": f"Prueba {number}",
            "email": f"p{number}@demo.relevo.test",
            "phone": f"+52 55 4{number:07d}",
            "job_title": "Gerente de Ventas",
            "country": "MX",
        }
        data = {
            "person": person,
            "company": {"name": f"Empresa {number}", "employees": 50, "country": "MX"},
        }
        home = ana.teams.get(side="marketing")
        lead = leads.capture(data, by=ana, at=at, team=home, source=source, first_action=action)
        made.append(handoffs.hand_off(lead, team=team, persona_version=persona, by=ana, at=at).pk)
    print(made)


def sweep_for(seconds):
    """Sweep and drain without pause, as a watchdog does that finds Celery silent."""
    from crm import tasks

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tasks.sweep()
        tasks.drain()
