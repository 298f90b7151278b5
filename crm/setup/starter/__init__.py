"""What a new organisation may start with, as data: catalogues, buyer personas, agreements. All of it editable rows."""

from crm.setup.starter.agreements import COMMITMENTS, DEFINITIONS
from crm.setup.starter.catalogues import catalogues
from crm.setup.starter.personas import CRITERIA, persona

__all__ = ["COMMITMENTS", "CRITERIA", "DEFINITIONS", "catalogues", "persona"]
