"""Versions say for which reasons a clock may pause; organisations of before pauses get reasons to begin with."""

from django.db import migrations, models

DAY = 24 * 60
REASONS = [
    ("call_back", "Pidió que se le llame en una fecha", "Asked to be called back on a date", 14 * DAY),
    ("away", "Está de viaje o de vacaciones", "Is away", 21 * DAY),
    ("document", "Esperamos un documento suyo", "We wait for a document of theirs", 7 * DAY),
]


def give_reasons(apps, schema_editor):
    PauseReason = apps.get_model("sla", "PauseReason")
    if not apps.get_model("accounts", "Organisation").objects.exists() or PauseReason.objects.exists():
        return
    PauseReason.objects.bulk_create(
        PauseReason(code=code, name={"es": es, "en": en}, longest_minutes=longest, position=position)
        for position, (code, es, en, longest) in enumerate(REASONS)
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0008_clocks_that_run"), ("accounts", "0006_terms")]
    operations = [
        migrations.AddField(
            model_name="agreementversion", name="pauses", field=models.JSONField(blank=True, null=True)
        ),
        migrations.RunPython(give_reasons, migrations.RunPython.noop),
    ]
