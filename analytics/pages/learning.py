"""What learning brought: the curve over what was known, each retrain, the ladder, off-policy value, a forecast."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analytics.bundles import BundleHistory, number_of, served_by_bundle
from analytics.csv import Value
from analytics.drawn import Drawn, point, shares
from analytics.pages.experiments import interleaved_figure
from analytics.pages.labels_bought import AHEAD as LABELS_AHEAD
from analytics.pages.labels_bought import labels_section
from analytics.pages.measured import Asking, Measured
from analytics.people_figures import bundles_figure
from analytics.section import Section
from analytics.tabular import Col, table_figure
from analytics.valued import valued_bundles, valued_figure
from components.charts.frame import Words
from components.charts.line import ShareSeries, SharesView
from components.figure import Definition
from components.identifier import short
from components.number import count, percent, plural
from suggest.metrics.interval import Interval, wilson

FEWEST_FOR_FORECAST = 4  # bundles; a line through three has no error to speak of
AHEAD = (100, 500, 2_000)  # more labels

CURVE = Definition(
    what="How often the first option, and one of the first three, was right on held-out data, bundle after bundle, by "
    "how much had been learned from.",
    formula="Of each bundle's gate: right / held-out examples with a known right answer, 95% Wilson intervals.",
    caveat="Bundles are judged on different examples, so a step may be the examples. The gate compares the two of a "
    "step on the same ones.",
)

RETRAINS = Definition(
    what="What each retrain brought over the bundle that served: both judged on the same examples that neither had "
    "seen.",
    formula="Paired differences with 90% bootstrap intervals. nDCG: how high the right option stands; NLL: how likely "
    "what happened was, less is better.",
    caveat="A retrain that brought nothing was refused by the gate; it is listed all the same.",
)

LADDER = Definition(
    what="What each rung of the model adds on your own data: names only, nearest neighbours, the linear model, the "
    "trees, all together with calibration, what the instant head learns between two retrains, a tuned encoder.",
    formula="Right in the first, and in the first three, out of fold, of the newest bundle's examples with a known "
    "right answer, 95% Wilson intervals; gained: the mean difference to the rung before, by example, 90% intervals.",
    caveat="The instant head is taught each example after it was ranked, and starts anew every 200, as at a retrain; "
    "the models beside it know four fifths of the answers already, so that it has less to add than where much is new.",
)

FORECAST = Definition(
    what="What more known answers would buy, if the curve goes on as it went.",
    formula="Share wrong in three = a · n^−b, least squares of its logarithm over the bundles; 95% prediction "
    "interval of Student's t.",
    caveat="Nothing says that a curve goes on. New subjects, new candidates and drift all break it.",
)


def measure(asking: Asking) -> Measured:
    bundles = asking.bundles
    served = served_by_bundle(asking.analytics, asking.surface, asking.period)
    return Measured(
        sections=(
            Section(
                id="curve",
                title="What learning brought",
                lede="Every bundle there was, whatever the period.",
                figures=(_curve_figure(bundles), _forecast_figure(bundles)),
            ),
            Section(
                id="steps",
                title="What each step brought",
                lede="Retrain by retrain, and rung by rung of the model.",
                is_wide=True,
                figures=(_retrains_figure(bundles), _ladder_figure(bundles)),
            ),
            Section(
                id="turns",
                title="Two bundles by turns",
                lede="Whose options people took where both filled the same slates: the one test on live people.",
                is_wide=True,
                figures=(interleaved_figure(asking),),
            ),
            Section(
                id="bundles",
                title="Bundles and their gate",
                lede="Nothing serves that has not passed the gate. The newest bundle is first; rollback is one call.",
                is_wide=True,
                figures=(bundles_figure(served), valued_figure(valued_bundles(bundles), asking.surface)),
            ),
            labels_section(asking, gains(points_of(bundles, "top1"), (LABELS_AHEAD,))),
        )
    )


def _curve_figure(bundles: Sequence[BundleHistory]) -> Drawn:
    steps = [(each, top1, top3) for each in reversed(bundles) if (top1 := share_of(each, "top1")) is not None
             and (top3 := share_of(each, "top3")) is not None]  # fmt: skip
    last = steps[-1] if steps else None
    steps.sort(key=lambda step: known_of(step[0]))  # stable: of two that knew as much, the older first
    return table_figure(
        id="learning-curve",
        title="Right on held-out data, bundle after bundle",
        definition=CURVE,
        columns=(
            Col(name="bundle", label="bundle", kind="bundle"),
            Col(name="known", label="learned from"),
            Col(name="top1", label="right first", kind="share"),
            Col(name="top1_low", label="from", kind="share"),
            Col(name="top1_high", label="to", kind="share"),
            Col(name="top3", label="right in three", kind="share"),
            Col(name="top3_low", label="from", kind="share"),
            Col(name="top3_high", label="to", kind="share"),
        ),
        values=[(b.id, known_of(b), *shares(top1), *shares(top3)) for b, top1, top3 in steps],
        is_stacked=True,
        sample=plural(len(steps), "bundle"),
        chart=SharesView(
            words=Words(
                id="bundle-curve",
                title="Right on held-out data by what was learned from",
                summary=f"The newest: {percent(last[2].mid)} in the first three." if last else "No bundle.",
            ),
            columns=tuple(count(known_of(b)) for b, _, _ in steps),
            series=(
                ShareSeries(name="in the first three", tone="selected", points=tuple(point(s[2]) for s in steps)),
                ShareSeries(name="the first", tone="second", points=tuple(point(s[1]) for s in steps), dashed=True),
            ),
            quantity="share right",
            across="examples learned from",
            places=tuple(float(known_of(b)) for b, _, _ in steps),
        ),
        missing="" if steps else "No bundle has been judged yet. `suggest train` builds the first.",
    )


def _retrains_figure(bundles: Sequence[BundleHistory]) -> Drawn:
    rows: list[tuple[Value, ...]] = []
    for each in reversed(bundles):
        differences = each.gate.get("differences")
        told = differences if isinstance(differences, Mapping) else {}
        rows.append((each.id, each.at, each.state, *three_of(told.get("ndcg")), *three_of(told.get("nll"))))
    return table_figure(
        id="retrains",
        title="What each retrain brought",
        definition=RETRAINS,
        columns=(
            Col(name="bundle", label="bundle", kind="bundle"),
            Col(name="at", label="built", kind="moment"),
            Col(name="state", label="state", kind="text"),
            Col(name="ndcg", label="nDCG", kind="points"),
            Col(name="ndcg_low", label="from", kind="points"),
            Col(name="ndcg_high", label="to", kind="points"),
            Col(name="nll", label="NLL", kind="decimal"),
            Col(name="nll_low", label="from", kind="decimal"),
            Col(name="nll_high", label="to", kind="decimal"),
        ),
        values=rows,
        labels=("bundle", "built", "state", "nDCG", "90% interval", "NLL", "90% interval"),
        sample=plural(len(rows), "retrain"),
        missing="" if rows else "There was no retrain yet.",
    )


def _ladder_figure(bundles: Sequence[BundleHistory]) -> Drawn:
    newest = next((each for each in bundles if isinstance(each.gate.get("ladder"), list) and each.gate["ladder"]), None)
    rungs = newest.gate["ladder"] if newest else []
    assert isinstance(rungs, list)
    told = [rung for rung in rungs if isinstance(rung, Mapping)]
    return table_figure(
        id="ladder",
        title="The ladder",
        definition=LADDER,
        columns=(
            Col(name="rung", label="rung", kind="text"),
            Col(name="n", label="examples"),
            Col(name="top1", label="right first", kind="share"),
            Col(name="top1_low", label="from", kind="share"),
            Col(name="top1_high", label="to", kind="share"),
            Col(name="top3", label="right in three", kind="share"),
            Col(name="top3_low", label="from", kind="share"),
            Col(name="top3_high", label="to", kind="share"),
            Col(name="gained", label="gained first", kind="points"),
            Col(name="gained_low", label="from", kind="points"),
            Col(name="gained_high", label="to", kind="points"),
            Col(name="gained3", label="gained in three", kind="points"),
            Col(name="gained3_low", label="from", kind="points"),
            Col(name="gained3_high", label="to", kind="points"),
        ),
        values=[
            (
                str(rung.get("rung")),
                number_of(rung.get("n")),
                *_share_of_rung(rung, "top1"),
                *_share_of_rung(rung, "top3"),
                *_gained(rung, "top1"),
                *_gained(rung, "top3"),
            )
            for rung in told
        ],
        is_stacked=True,
        sample=f"of {short(newest.id)}" if newest else plural(0, "rung"),
        missing="" if told else "No gate has measured a ladder yet.",
    )


def _forecast_figure(bundles: Sequence[BundleHistory]) -> Drawn:
    distinct = points_of(bundles, "top3")
    ahead = forecast(distinct, AHEAD) if len(distinct) >= FEWEST_FOR_FORECAST else []
    return table_figure(
        id="forecast",
        title="What more known answers would buy",
        definition=FORECAST,
        columns=(
            Col(name="more", label="more known answers"),
            Col(name="top3", label="right in three", kind="share"),
            Col(name="low", label="from", kind="share"),
            Col(name="high", label="to", kind="share"),
        ),
        values=[(more, mid, low, high) for more, low, mid, high in ahead],
        sample=plural(len(distinct), "point"),
        missing=""
        if ahead
        else f"{FEWEST_FOR_FORECAST} bundles with different amounts learned are needed; there are {len(distinct)}.",
    )


def points_of(bundles: Sequence[BundleHistory], name: str) -> list[tuple[int, float]]:
    """(learned from, share wrong) of the bundles, one for each amount."""
    known = [(known_of(each), share.mid) for each in bundles if (share := share_of(each, name)) and known_of(each) > 0]
    return list({n: wrong for n, right in known if (wrong := 1 - right) > 0}.items())


def gains(points: Sequence[tuple[int, float]], ahead: Sequence[int]) -> list[tuple[int, float, float, float]]:
    """(more, low, mid, high) of what more labels add to the share right, by the same curve as `forecast`.

    Of the fitted curve, not of the last bundle, which may have been lucky; none where there are too few points.

    >>> curve = [(100, 0.2), (200, 0.1414), (400, 0.1), (800, 0.0707)]
    >>> [round(mid, 3) for _, _, mid, _ in gains(curve, [800])]
    [0.021]
    """
    if len(points) < FEWEST_FOR_FORECAST:
        return []
    ((_, _, now, _),) = forecast(points, [0])
    return [(more, low - now, mid - now, high - now) for more, low, mid, high in forecast(points, ahead)]


def forecast(points: Sequence[tuple[int, float]], ahead: Sequence[int]) -> list[tuple[int, float, float, float]]:
    """(more, low, mid, high) of the share right, by a power law through (n, share wrong).

    >>> curve = [(100, 0.2), (200, 0.1414), (400, 0.1), (800, 0.0707)]
    >>> [(more, round(mid, 2)) for more, _, mid, _ in forecast(curve, [800])]
    [(800, 0.95)]
    """
    x, y = np.log([n for n, _ in points]), np.log([wrong for _, wrong in points])
    centre, spread = x.mean(), float(((x - x.mean()) ** 2).sum())
    slope = float(((x - centre) * (y - y.mean())).sum() / spread)
    level = float(y.mean())
    freedom = len(points) - 2
    error = math.sqrt(max(0.0, float(((y - level - slope * (x - centre)) ** 2).sum())) / freedom)
    told = []
    for more in ahead:
        at = math.log(max(n for n, _ in points) + more)
        mid = level + slope * (at - centre)
        half = _T95.get(freedom, 2.0) * error * math.sqrt(1 + 1 / len(points) + (at - centre) ** 2 / spread)
        low, middle, high = (1 - min(1.0, math.exp(value)) for value in (mid + half, mid, mid - half))
        told.append((more, low, middle, high))
    return told


_T95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228}  # Student's t


def known_of(bundle: BundleHistory) -> int:
    """How many examples a bundle had learned from."""
    data = bundle.manifest.get("data")
    if not isinstance(data, Mapping):
        return 0
    return round(sum(number_of(data.get(name)) or 0 for name in ("labels", "selections", "dismissals")))


def share_of(bundle: BundleHistory, name: str) -> Interval | None:
    """A share of the challenger's gate figures, with the interval of as many examples as it was judged on."""
    told = bundle.gate.get("challenger")
    if not isinstance(told, Mapping):
        return None
    share, n = number_of(told.get(name)), number_of(told.get("answerable")) or number_of(bundle.gate.get("n_pairs"))
    if share is None or not n or not 0 <= share <= 1:
        return None
    found = wilson(round(share * n), round(n))
    return Interval(low=min(found.low, share), mid=share, high=max(found.high, share), n=round(n))


def _share_of_rung(rung: Mapping[str, object], name: str) -> tuple[float | None, float | None, float | None]:
    share, n = number_of(rung.get(name)), number_of(rung.get("n"))
    if share is None or not n or not 0 <= share <= 1:
        return (share, None, None)
    found = wilson(round(share * n), round(n))
    return (share, min(found.low, share), max(found.high, share))


def _gained(rung: Mapping[str, object], name: str) -> tuple[float | None, float | None, float | None]:
    gained = rung.get("gained")
    return three_of(gained.get(name) if isinstance(gained, Mapping) else None)


def three_of(told: object) -> tuple[float | None, float | None, float | None]:
    if not isinstance(told, Mapping):
        return (None, None, None)
    return (number_of(told.get("mid")), number_of(told.get("low")), number_of(told.get("high")))
