"""Instants as whole microseconds since 1970-01-01 UTC. Pure."""

from datetime import UTC, date, datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
# Lengths in microseconds.
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
WEEK = 7 * DAY
# The outermost weeks of the years 1 to 9999 are left out: a week needs local dates on both sides.
FIRST_WEEK = (date(1, 1, 15).toordinal() - EPOCH_DAY) // 7
LAST_WEEK = (date(9999, 12, 15).toordinal() - EPOCH_DAY) // 7


def to_micros(at: datetime, name: str) -> int:
    """Return ``at`` in microseconds since 1970.

    Raises ValueError, with ``name``, where it is naive or out of range.
    """
    if not isinstance(at, datetime) or at.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime, not {at!r}")
    moment = (at - EPOCH) // MICROSECOND
    if not FIRST_WEEK <= moment // WEEK <= LAST_WEEK:
        raise ValueError(f"{name} must not lie at the very ends of the years 1 to 9999, not {at!r}")
    return moment


def to_instant(moment: int) -> datetime:
    """Return the instant, in UTC, that is ``moment`` microseconds after 1970."""
    return EPOCH + timedelta(microseconds=moment)
