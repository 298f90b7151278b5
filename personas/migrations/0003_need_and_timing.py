"""Two more kinds of criteria, two operators for dates, weights from 1 to 100, and criteria that ask for no field."""

from django.db import migrations, models

KINDS = [
    ("fit", "Fit"),
    ("disqualifier", "Disqualifier"),
    ("means", "Means"),
    ("authority", "Authority"),
    ("need", "Need"),
    ("timing", "Timing"),
]
OPERATORS = [
    ("is", "is"),
    ("in", "is one of"),
    ("not_in", "is none of"),
    ("at_least", "is at least"),
    ("at_most", "is at most"),
    ("before", "is before"),
    ("after", "is after"),
    ("contains_any", "contains any of"),
    ("is_set", "is given"),
    ("said", "is confirmed by a person"),
]


def known(column, choices):
    """The check that the column holds one of ``choices``."""
    values = [value for value, _label in choices]
    condition = models.Q((f"{column}__in", values))
    return migrations.AddConstraint(
        model_name="criterion",
        constraint=models.CheckConstraint(condition=condition, name=f"criterion_{column}_known"),
    )


class Migration(migrations.Migration):
    dependencies = [("personas", "0002_guards")]

    operations = [
        migrations.RemoveConstraint(model_name="criterion", name="criterion_kind_known"),
        migrations.RemoveConstraint(model_name="criterion", name="criterion_operator_known"),
        migrations.AlterField("criterion", "field", models.CharField(blank=True, max_length=80)),
        migrations.AlterField("criterion", "kind", models.CharField(choices=KINDS, max_length=12)),
        migrations.AlterField("criterion", "operator", models.CharField(choices=OPERATORS, max_length=12)),
        known("kind", KINDS),
        known("operator", OPERATORS),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gte", 1), ("weight__lte", 100)), name="criterion_weight_1_to_100"
            ),
        ),
    ]
