"""The form of a note in the timeline of a lead."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import Lines, kept


class LeadNoteForm(forms.Form):
    """A note; all who may see the lead may read it."""

    note = kept(
        Lines(
            label=_("Write a note"),
            max_length=2000,
            widget=forms.Textarea(
                attrs={
                    "rows": 1,
                    "class": "field",
                    "data-key": "n",
                    "placeholder": _("Write a note"),
                }
            ),
        )
    )
