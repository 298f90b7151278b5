"""Give existing organisations the usual reasons to close and to recycle a lead."""

from django.db import migrations

REASONS = [
    ("not_a_customer", "closed", "No es cliente para nosotros", "Is no customer for us"),
    ("data_not_found", "closed", "No se consiguieron los datos", "The data could not be had"),
    ("interest_gone", "closed", "Ya no le interesa", "Is no longer interested"),
    ("closed_other", "closed", "Otro motivo", "Another reason"),
    ("not_now", "recycled", "Ahora no, más adelante", "Not now, later"),
    ("no_answer", "recycled", "No responde", "Does not answer"),
    ("no_budget_yet", "recycled", "Aún no tiene presupuesto", "Has no budget yet"),
    ("recycled_other", "recycled", "Otro motivo", "Another reason"),
]


def add(apps, schema_editor):
    reasons = apps.get_model("leads", "OutcomeReason")
    # A new installation gets them with its other catalogues.
    if not reasons.objects.exists():
        return
    for position, (code, kind, es, en) in enumerate(REASONS, start=100):
        reasons.objects.get_or_create(
            code=code,
            defaults={"kind": kind, "name": {"es": es, "en": en}, "position": position},
        )


class Migration(migrations.Migration):
    dependencies = [("leads", "0029_returns_of_rejected_leads")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
