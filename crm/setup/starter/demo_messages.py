"""The message templates of the demo's sales teams, each in Spanish and English."""

from __future__ import annotations

from datetime import datetime

from crm.accounts.models import Team, User
from leads.follow_up import templates
from leads.states import ContactChannel

TEXTS: list[dict[str, str]] = [
    {
        "channel": ContactChannel.WHATSAPP,
        "language": "es",
        "name": "Primer contacto",
        "body": (
            "Hola, {first_name}: soy {rep_first_name}, de {team}. Recibí tu solicitud. ¿Te llamo"
            " hoy o prefieres mañana?"
        ),
    },
    {
        "channel": ContactChannel.WHATSAPP,
        "language": "en",
        "name": "First contact",
        "body": (
            "Hello {first_name}, this is {rep_first_name} from {team}. I have received your"
            " request. May I call you today, or is tomorrow better?"
        ),
    },
    {
        "channel": ContactChannel.WHATSAPP,
        "language": "es",
        "name": "No contestó",
        "body": "Hola, {first_name}: te llamé y no te encontré. ¿A qué hora te queda bien?",
    },
    {
        "channel": ContactChannel.WHATSAPP,
        "language": "en",
        "name": "No answer",
        "body": "Hello {first_name}, I called and missed you. What time suits you?",
    },
    {
        "channel": ContactChannel.EMAIL,
        "language": "es",
        "name": "Resumen de la llamada",
        "subject": "Lo que hablamos sobre {company}",
        "body": (
            "Hola, {first_name}:\n\nGracias por tu tiempo. Te escribo con lo que hablamos y el"
            " siguiente paso.\n\n{rep_name}\n{rep_email}"
        ),
    },
    {
        "channel": ContactChannel.EMAIL,
        "language": "en",
        "name": "Summary of the call",
        "subject": "What we said about {company}",
        "body": (
            "Hello {first_name},\n\nThank you for your time. Here is what we said, and the next"
            " step.\n\n{rep_name}\n{rep_email}"
        ),
    },
]


def create_templates(team: Team, *, by: User, at: datetime) -> None:
    """Create the templates of a sales team."""
    for texts in TEXTS:
        templates.create(team, by=by, at=at, **{"subject": "", **texts})
