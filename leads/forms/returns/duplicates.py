"""The form that names the lead of which another one is a duplicate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.forms import Line
from crm.lib.numbers.fields import WholeField
from leads.forms.handoffs import comment_field
from leads.models import Lead
from leads.returns import duplicates


class DuplicateForm(forms.Form):
    """The lead of which this one is a duplicate, looked for by ``q``.

    ``sight``: the person who picks among the leads that they see. ``is_linked``: marketing links a
    lead that sales sent back; a description in words is no answer then.
    """

    q = Line(label=_("Look for the other lead"), required=False, max_length=200)
    original = WholeField(
        label=_("Which lead is it?"), required=False, min_value=1, widget=forms.RadioSelect()
    )
    comment = comment_field(_("If you do not see it here: describe it, and marketing finds it"))

    def __init__(self, *args: Any, sight: User, is_linked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sight = sight
        if is_linked:
            del self.fields["comment"]
            self.fields["original"].required = True

    def clean_original(self) -> Lead | None:
        pk = self.cleaned_data["original"]
        if pk is None:
            return None
        original = duplicates.pick(self.sight, pk)
        if original is None:
            raise forms.ValidationError(_("You see no such lead."))
        return original
