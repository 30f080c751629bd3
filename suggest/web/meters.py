"""What is counted about requests, and the Prometheus text format it is told in.

Touched from the event loop only, so no locks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

LATENCY_BUCKETS_S = (0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)
Labels = tuple[tuple[str, str], ...]


class Meters:
    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()  # (method, route, status)
        self.events: Counter[str] = Counter()  # accepted | duplicate | rejected
        self.labels: Counter[str] = Counter()
        self.decisions: Counter[tuple[str, str]] = Counter()  # (surface, decision)
        self._latency: dict[str, list[int]] = {}  # route -> count a bucket, not cumulated; the last is +Inf
        self._latency_sum_s: Counter[str] = Counter()

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        self.requests[method, route, status] += 1
        counts = self._latency.setdefault(route, [0] * (len(LATENCY_BUCKETS_S) + 1))
        counts[bisect_left(LATENCY_BUCKETS_S, seconds)] += 1
        self._latency_sum_s[route] += seconds  # type: ignore[assignment]  # Counter adds floats as well

    def recorded(self, kind: str, *, accepted: int, duplicates: int, rejected: int) -> None:
        counter = self.events if kind == "events" else self.labels
        counter["accepted"] += accepted
        counter["duplicate"] += duplicates
        counter["rejected"] += rejected

    def lines(self) -> Iterable[str]:
        yield from family(
            "suggest_requests_total",
            "counter",
            "Requests answered.",
            {
                (("method", method), ("route", route), ("status", str(status))): float(n)
                for (method, route, status), n in self.requests.items()
            },
        )
        yield from self._histogram()
        for name, help_text, counter in (
            ("suggest_events_total", "Feedback events by what became of them.", self.events),
            ("suggest_labels_total", "Labels by what became of them.", self.labels),
        ):
            yield from family(name, "counter", help_text, {(("result", k),): float(n) for k, n in counter.items()})
        yield from family(
            "suggest_decisions_total",
            "counter",
            "Slates by surface and decision.",
            {(("surface", s), ("decision", d)): float(n) for (s, d), n in self.decisions.items()},
        )

    def _histogram(self) -> Iterable[str]:
        name = "suggest_request_seconds"
        yield f"# HELP {name} Time to answer, by route."
        yield f"# TYPE {name} histogram"
        for route, counts in self._latency.items():
            total = 0
            for bound, n in zip((*LATENCY_BUCKETS_S, float("inf")), counts, strict=True):
                total += n
                labels = (("route", route), ("le", "+Inf" if bound == float("inf") else f"{bound:g}"))
                yield f"{name}_bucket{_braces(labels)} {total}"
            yield f"{name}_sum{_braces((('route', route),))} {self._latency_sum_s[route]:.6f}"
            yield f"{name}_count{_braces((('route', route),))} {total}"


def family(name: str, kind: str, help_text: str, samples: Mapping[Labels, float]) -> Iterable[str]:
    """One metric family in the text exposition format.

    >>> list(family("up", "gauge", "Is it?", {(("host", "a"),): 1.0}))[2]
    'up{host="a"} 1'
    """
    yield f"# HELP {name} {help_text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples.items():
        yield f"{name}{_braces(labels)} {value:.15g}"


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
