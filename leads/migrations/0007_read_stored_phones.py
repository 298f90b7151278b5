"""Read stored phones again that are no E.164, where the person's or the company's country is given.

Nothing is merged, and a number that still cannot be read stays as it is. The reading is a copy of
that of leads.records.phones on the day of this migration.
"""

import re

import phonenumbers
from django.db import migrations
from django.db.models import F

BATCH = 1000
EXTENSION = re.compile(
    r"[\s,;]*(?:extensi[oó]n|ramal|interno|anexo|extn|ext|anx|int|x|\#)\s*[.:=#]?\s*(\d{1,7})\s*$",
    re.IGNORECASE,
)
NO_NUMBER = re.compile(r"[*•●]|[xX]{2,}|#{2,}|\d[.,]\d+[eE]\+?\d+")
MEXICAN_PREFIXES = {"044": 13, "045": 13, "01": 12, "1": 11}


def digits(text):
    return "".join(sign for sign in text if sign.isdigit())


def national(text, country):
    """Return the text without the prefixes that Mexico abolished."""
    if country != "MX":
        return text
    number = digits(text)
    if number.startswith("52") and len(number) > 11:
        number = number.removeprefix("52")
    for prefix, length in MEXICAN_PREFIXES.items():
        if number.startswith(prefix) and len(number) == length:
            return number.removeprefix(prefix)
    return number


def read(text, country):
    """Return E.164 and extension, or None where the text is no number of the country."""
    if NO_NUMBER.search(text):
        return None
    extension = ""
    found = EXTENSION.search(text)
    if found and len(digits(text[: found.start()])) >= 7:
        text = text[: found.start()]
        extension = found[1]
    try:
        parsed = phonenumbers.parse(national(text, country), country)
    except phonenumbers.NumberParseException:
        return None
    # Valid, and not only possible: nobody looks at the result.
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), extension


def read_again(apps, schema_editor):
    person_model = apps.get_model("leads", "Person")
    lead_model = apps.get_model("leads", "Lead")
    unread = person_model.objects.exclude(phone="").exclude(phone__startswith="+")
    after = 0
    count = 0
    while people := list(unread.filter(pk__gt=after).order_by("pk")[:BATCH]):
        after = people[-1].pk
        leads = lead_model.objects.filter(person__in=people).select_related("company")
        of_person = {}
        for lead in leads.order_by("pk"):
            of_person.setdefault(lead.person_id, []).append(lead)
        for person in people:
            count += read_one(person, of_person.get(person.pk, []), lead_model)
    if count:
        entry_model = apps.get_model("audit", "Entry")
        entry_model.objects.create(
            verb="phones_read_again", subject_type="person", payload={"people": count}
        )


def read_one(person, leads, lead_model):
    """Read the phone of one person again; return whether it changed."""
    countries = [person.country]
    countries += [lead.company.country for lead in leads if lead.company is not None]
    for country in countries:
        found = read(person.phone, country) if country else None
        if found is None:
            continue
        typed = person.phone
        person.phone, person.phone_extension = found
        person.phone_typed = typed
        person.save(update_fields=["phone", "phone_extension", "phone_typed"])
        for lead in leads:
            lead.search_text = lead.search_text.replace(digits(typed), digits(person.phone))
            lead_model.objects.filter(pk=lead.pk).update(
                search_text=lead.search_text, version=F("version") + 1
            )
        return True
    return False


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0006_phone_parts"),
        ("audit", "0001_squashed_2026_11"),
    ]
    operations = [migrations.RunPython(read_again, migrations.RunPython.noop)]
