"""Sides, roles and the look of pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")


class Role(models.TextChoices):
    """The roles of people; they follow from memberships and two flags and are never stored."""

    MARKETING = "marketing", _("Marketing")
    SALES_REP = "sales_rep", _("Sales rep")
    TEAM_LEAD = "team_lead", _("Team lead")
    DIRECTOR = "director", _("Director")
    ADMIN = "admin", _("Admin")


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Density(models.TextChoices):
    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class Secret(models.TextChoices):
    """What somebody may guess; each kind is counted apart (crm.accounts.sign_in.guesses)."""

    PASSWORD = "password"
    CONFIRMATION = "confirmation"
    CODE = "code"  # of a second factor
    RESET = "reset"
    LINK = "link"
    SETUP_CODE = "setup_code"
    API_KEY = "api_key"
