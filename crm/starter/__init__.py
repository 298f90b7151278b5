"""What a new organisation may start with, as data: catalogues, buyer personas, agreements. All of it editable rows."""

from crm.starter.agreements import COMMITMENTS, DEFINITIONS
from crm.starter.catalogues import catalogues
from crm.starter.personas import CRITERIA, persona

__all__ = ["COMMITMENTS", "CRITERIA", "DEFINITIONS", "catalogues", "persona"]
