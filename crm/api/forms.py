"""The form of a new key."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.api.states import LIFETIMES, Scope
from crm.lib.text import clean_line
from crm.second_factor.forms import ConfirmWithFactorForm


class KeyForm(ConfirmWithFactorForm):
    """The purpose of the key, its scopes and its lifetime, confirmed by its owner."""

    name = forms.CharField(
        label=_("What is the key for?"),
        max_length=80,
        help_text=_("For example: website form, BI report."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        help_text=_("It acts as you and never sees or may do more than you."),
    )
    days = forms.TypedChoiceField(
        label=_("How long does it work?"),
        choices=[(n, ngettext_lazy("%(n)d day", "%(n)d days", n) % {"n": n}) for n in LIFETIMES],
        coerce=int,
        initial=90,
        widget=forms.RadioSelect,
    )

    field_order = ("name", "scopes", "days")  # what confirms it comes last

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Say what the key is for."))
        return name
