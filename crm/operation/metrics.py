"""The facts in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crm.operation.facts import Group, Sample, wrong

PREFIX = "relevo_"
# What each metric means, for the person who draws it. English only, as Prometheus has it.
METRICS = {
    "problems": "Facts that need attention; those that manage.py doctor marks",
    "heartbeat_age_seconds": "Seconds since a process last beat",
    "queue_length": "Rows that wait in a queue",
    "queue_oldest_seconds": "Seconds for which the oldest row of a queue waits",
    "parked_clocks": "Clocks whose step raised an error; they are tried again",
    "dead_letters": "Messages that could not be delivered",
    "database_bytes": "Size of the database",
    "table_bytes": "Size of the biggest tables, with indexes",
    "disk_free_bytes": "Free space on the disk of the data folder",
    "info": "Versions, as labels",
}


class _Facts(Collector):
    """Facts that were collected already, as metrics."""

    def __init__(self, groups: list[Group]) -> None:
        self.groups = groups

    def collect(self) -> Iterable[Metric]:
        """Yield one family for each metric that has samples, in the order of METRICS."""
        samples = list(_samples(self.groups))
        for name, meaning in METRICS.items():
            found = [sample for sample in samples if sample.metric == name]
            if found:
                yield _family(name, meaning, found)


def _samples(groups: list[Group]) -> Iterator[Sample]:
    yield Sample("problems", len(wrong(groups)))
    for group in groups:
        for fact in group.facts:
            yield from fact.samples


def _family(name: str, meaning: str, samples: list[Sample]) -> GaugeMetricFamily:
    labels = list(samples[0].labels)
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=labels)
    for sample in samples:
        family.add_metric([sample.labels[label] for label in labels], sample.value)
    return family


def text(groups: list[Group]) -> bytes:
    """Return ``groups`` as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(_Facts(groups))
    return generate_latest(registry)
