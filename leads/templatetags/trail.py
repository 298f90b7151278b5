"""Carry on where a person came from, through the links and forms of a lead's pages."""

from __future__ import annotations

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads.views.lead import trail as trails

register = template.Library()


@register.simple_tag(takes_context=True)
def back_field(context: Context) -> SafeString | str:
    """Return the hidden field that names the list the person came from; nothing without one."""
    came = trails.trail(context["request"])
    if not came.is_given:
        return ""
    return format_html('<input type="hidden" name="{}" value="{}">', trails.NAME, came.url)


@register.simple_tag(takes_context=True)
def with_back(context: Context, name: str, pk: int) -> str:
    """Return the address of a page of a lead or handoff, with the list the person came from."""
    return reverse(name, args=[pk]) + trails.trail(context["request"]).suffix
