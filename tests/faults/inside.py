"""What tests run inside the product's environment: ``manage.py shell -c "from tests.faults.inside
import …"``.
"""

import select
import sys

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


def sweep_on_demand():
    """Sweep and drain without pause, as a watchdog does that finds Celery silent.

    It begins at the line "go" of the standard input and answers the line "stop" with "stopped".
    """
    from crm import tasks

    # Without a buffer: a line that waits in one would be invisible to select().
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as orders:
        while orders.readline() == b"go\n":
            while not select.select([orders], [], [], 0)[0]:
                tasks.sweep()
                tasks.drain()
            orders.readline()
            print("stopped", flush=True)
