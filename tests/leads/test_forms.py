"""What the forms of leads have in common."""

from __future__ import annotations

import importlib
import pkgutil

from django import forms

import leads.forms
from crm.lib.forms import Lines


def forms_of_leads() -> list[type[forms.Form]]:
    found = []
    for module in pkgutil.iter_modules(leads.forms.__path__, "leads.forms."):
        names = vars(importlib.import_module(module.name)).values()
        found += [each for each in names if isinstance(each, type) and issubclass(each, forms.Form)]
    return found


def test_notes_are_kept_by_the_browser_while_they_are_typed() -> None:
    notes = {
        f"{form.__name__}.{name}": "data-draft" in field.widget.attrs
        for form in forms_of_leads()
        for name, field in form.base_fields.items()
        if isinstance(field, Lines)
    }
    assert len(notes) > 5
    assert [name for name, is_kept in notes.items() if not is_kept] == []
