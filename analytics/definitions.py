"""What each figure of a report means: said once, printed beside the figure on the page, in the file and in Markdown."""

from __future__ import annotations

from analytics import quantiles
from components.figure import Definition

OUTCOMES = Definition(
    what="What became of the slates that reached a person, by the time they were served.",
    formula="Counts of impressions by outcome. Of several acts the highest counts: select > dismiss > override. "
    "Without one, silence is pending until the surface's reward wait is over; then it is ignored where the "
    "slate was in view, and unseen where it never was.",
    caveat="Ignored is missing, not a no: the person may have been busy. The newest columns still hold pending "
    "slates, whose outcome is not yet known.",
)

POSITIONS = Definition(
    what="How often each position was looked at, and how often what stood there was taken once it was.",
    formula="examined / shown and selected / examined, with 95% Wilson intervals. Examined: at or above the "
    "selection; every option of a slate that was dismissed, overridden or seen whole; else what was seen by "
    "itself. Pending slates are left out.",
    caveat="The first position holds the best option and gets the first look; a falling line is no proof that the "
    "lower options are worse. Only exploration can tell the two apart.",
)

RELIABILITY_ANY = Definition(
    what="Of the slates that were said to hold a right option with probability p, how many did? On the dashed line "
    "the figure keeps its word; below it, it promises too much. The faint bars show how many forecasts there "
    "were.",
    formula="A slate counts as right when a verdict on it names an option that was shown; else, where the right "
    "answers of the same context are known from labels or verdicts, when one of them was shown; else when the "
    "person selected (right) or dismissed or overrode (wrong). Ignored, unseen and pending slates are not "
    "judged. Equal-mass bins, exact (Clopper–Pearson) 95% intervals. Calibration error (ECE) = Σ (n_bin / n) "
    "· |mean p_any − share right|, from 100 judged slates on. Of many, the latest 5,000 slates are looked at.",
    caveat="Those who act are not a random sample: people react more readily when something fits, which flatters "
    "p_any. Escalated slates are judged by verdicts, shown ones mostly by acts. The audit has no such bias. "
    "Repeated contexts make the intervals too narrow.",
)

RELIABILITY_SELECT = Definition(
    what="Of the options that were given probability p of being the right one, how many were? The faint bars show "
    "how many forecasts there were.",
    formula="Every option of every judged slate (see p_any for what is judged). Right: named by the verdict, or among "
    "the known right answers of the context, or the one that was selected. p_select is the chance of being "
    "the one that is picked, so after a selection the other options of the slate count as not picked.",
    caveat="Where several options would have done, the ones below the pick count as wrong, and lower positions look "
    "too sure. The bias of who reacts is the same as for p_any.",
)

RELIABILITY_ACCEPT = Definition(
    what="Of the shown slates from which people were expected to take something with probability p, from how many "
    "did they? This figure speaks of attention and habit as well; it decides nothing.",
    formula="Slates that were decided to be shown and are no longer pending. Yes: an option was selected. No: "
    "everything else, silence that lasted included.",
    caveat="Attention changes with the hour and the page. A slate that never came into view counts as a no.",
)

ESCALATION = Definition(
    what="The share of requests that went to a person, and of those that were left without a suggestion.",
    formula="escalated / requests and abstained / requests of each stretch of time, with 95% Wilson intervals. The "
    "table below counts every decision by its reason.",
    caveat="A change of the policy moves this line at once, without any change of quality. Audits are not in it: "
    "their slates were shown.",
)

REVIEWS = Definition(
    what="What was handed to people and what came back.",
    formula="Reviews by reason, those on which a verdict stands, and the median time from claim to verdict. "
    f"{quantiles.FORMULA}",
    caveat="Time is measured only where the console sends it. Reviews of the last minutes are still in the queue.",
)

AUDIT = Definition(
    what="A random sample of confident decisions is shown to people anyway. This is the live quality of what is shown.",
    formula="Audited slates whose verdict names an option that was shown / audited slates with a verdict; 95% "
    "bounds by betting, which hold however often one looks (an interval for one look is about a third narrower).",
    caveat="Workers err too. Audits that nobody answered are left out: if the hard ones wait longest, this is "
    "flattered.",
)

OFF_POLICY = Definition(
    what="What a bundle would have earned on the slates that others served: the share from which somebody selects.",
    formula="Cascade-DR over slates that were served with exploration: Σ over slots of w (taken - Q) + w' V. Here w is "
    "the chance of the list down to the slot under the bundle over its logged chance (w' one slot higher), and Q, V a "
    "model's forecast; with a 95% interval. Worth: (Σ w)² / Σ w², the slates that the weighted ones are worth. "
    "Measured when the bundle was built.",
    caveat="A bundle has learned from these very slates, which flatters it. Without exploration nothing can be said of "
    "options that were not shown. Under 100 slates of worth the interval is too short.",
)

BUNDLES = Definition(
    what="Which bundle answered how many requests in this period, and how often something was taken from it.",
    formula="Slates by the bundle that ranked them; taken / shown among those that reached a person and are no longer "
    "pending, with a 95% Wilson interval.",
    caveat="Bundles served at different times and for different people. Compare them by their gate report or by "
    "off-policy value, not by this column.",
)
