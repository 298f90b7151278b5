"""Shares and zones as text, for the templates of the alignment page."""

from __future__ import annotations

from django import template

from crm.lib.number_formats import share

register = template.Library()
register.filter("share", share)
