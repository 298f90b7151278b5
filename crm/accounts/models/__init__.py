"""The models of people, teams, leaves and the organisation."""

from crm.accounts.models.leave import Leave, LeaveNow
from crm.accounts.models.organisation import LANGUAGES, Organisation
from crm.accounts.models.people import Membership, Team, User, UserManager
from crm.accounts.models.sign_in import Invitation, PasswordRequest, Tries

__all__ = [
    "LANGUAGES",
    "Invitation",
    "Leave",
    "LeaveNow",
    "Membership",
    "Organisation",
    "PasswordRequest",
    "Team",
    "Tries",
    "User",
    "UserManager",
]
