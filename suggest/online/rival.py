"""The challenger of a canary: it shares the slates of a surface with the champion, option by option.

Both rank the champion's pool; probabilities, and with them decisions, stay the champion's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from suggest.domain.context import Context
from suggest.online.ranking import Ranking
from suggest.online.suggester import Suggester
from suggest.policy.arrange import Arrangement
from suggest.policy.interleave import team_draft
from suggest.rank.habits import Asker
from suggest.rank.traits import traits_of
from suggest.retrieve.vectors import Vector

_UNRANKED = 20.0  # logits below its worst: an option that only the champion's pool holds


@dataclass(frozen=True, slots=True)
class Rival:
    champion: str  # the canary is against this one and no other
    suggester: Suggester

    def takes_part(self, ranking: Ranking, *, supplied: bool, learn: bool) -> bool:
        """Not where the caller ranks options of their own, nothing may be learned, or words alone did the ranking."""
        return not supplied and learn and not ranking.degraded and bool(ranking.ids) and ranking.bundle == self.champion

    def arrange(
        self,
        ranking: Ranking,
        vector: Vector | None,
        context: Context,
        k: int,
        *,
        asker: Asker,
        tau: float,
        rng: np.random.Generator,
        clusters: Mapping[str, str] | None,
    ) -> Arrangement:
        """A team draft over the champion's pool."""
        assert vector is not None
        own = self.suggester.rank(vector, context.text, context=traits_of(context.fields), asker=asker)
        logit = dict(zip(own.ids, own.logits.tolist(), strict=True))
        least = min(logit.values(), default=0.0) - _UNRANKED
        theirs = np.array([logit.get(each, least) for each in ranking.ids])
        draft = team_draft(ranking.ids, ranking.logits, theirs, k, rng=rng, tau=tau, clusters=clusters)
        return Arrangement(
            order=draft.order,
            propensities=draft.propensities,
            teams=tuple(own.bundle if challenger else ranking.bundle for challenger in draft.by_challenger),
            contested=draft.contested,
        )
