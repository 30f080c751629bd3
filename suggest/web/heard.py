"""Tell the list of arrivals what a request was and what became of it: without its texts, its key, its user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from starlette.requests import Request

from suggest.domain.errors import SuggestError
from suggest.domain.event import EventType
from suggest.domain.slate import Decision
from suggest.online.messages import Proposed, Recorded, Rejected
from suggest.web.arrivals import Arrival
from suggest.web.auth import CALLER_SCOPE_KEY, Caller
from suggest.web.parts import parts_of
from suggest.web.problem import Refused, kind_of

MOST_ROWS = 20  # of one request that are told one by one
_ACTS = frozenset(str(each) for each in EventType)
_DECISIONS = {
    Decision.SHOW: "Shown",
    Decision.ESCALATE: "Sent to a person",
    Decision.ABSTAIN: "Nothing to show",
    Decision.AUTO: "Applied",
}


def proposed(request: Request, answer: Proposed) -> None:
    """A slate was made."""
    slate, n = answer.slate, len(answer.slate.items)
    because = f", because: {slate.reason}" if slate.reason else ""
    said = f"{_DECISIONS[slate.decision]}: {n} option{'' if n == 1 else 's'}, {slate.p_any:.0%} sure{because}"
    _add(request, said, surface=slate.surface, impression=slate.id)


def batch(request: Request, results: Sequence[Proposed | Refused | SuggestError]) -> None:
    """Several slates were asked for at once."""
    turned_down = [each for each in results if not isinstance(each, Proposed)]
    if n := len(results) - len(turned_down):
        _add(request, f"{n} answered")
    for each in turned_down[:MOST_ROWS]:
        refused(request, each)
    _tell_more(request, len(turned_down), slug="invalid-request")


def recorded(request: Request, rows: Sequence[object], answer: Recorded, *, surface: str = "") -> None:
    """A batch was judged row by row: one arrival for what was taken, one for each that was not."""
    turned_down = {each.index for each in answer.rejected}
    taken = [_row(row) for index, row in enumerate(rows) if index not in turned_down]
    if answer.accepted or answer.duplicates:
        again = f", {answer.duplicates} sent before" if answer.duplicates else ""
        said = f"{answer.accepted} taken{again}{_acts(taken)}"
        _add(request, said, surface=surface, impression=_impression(taken[0]) if taken else "")
    for each in answer.rejected[:MOST_ROWS]:
        _reject(request, _row(rows[each.index]) if each.index < len(rows) else {}, each, surface)
    _tell_more(request, len(answer.rejected), slug=answer.rejected[-1].type if answer.rejected else "")


def refused(request: Request, refusal: Refused | SuggestError) -> None:
    """The whole request was refused."""
    kind = refusal.kind if isinstance(refusal, Refused) else kind_of(refusal)
    _add(request, refusal.detail, slug=kind.slug)


def _reject(request: Request, row: Mapping[str, object], rejected: Rejected, surface: str) -> None:
    type = row.get("type")
    act = f"{type}: " if isinstance(type, str) and type in _ACTS else ""
    _add(request, act + rejected.detail, slug=rejected.type, surface=surface, impression=_impression(row))


def _tell_more(request: Request, n: int, *, slug: str) -> None:
    if n > MOST_ROWS:
        _add(request, f"{n - MOST_ROWS} more of this batch were refused", slug=slug)


def _acts(rows: Sequence[Mapping[str, object]]) -> str:
    """Which acts they were: ` (2 view, 1 select)`."""
    counts = Counter(str(row["type"]) for row in rows if row.get("type") in _ACTS)
    return f" ({', '.join(f'{n} {act}' for act, n in counts.items())})" if counts else ""


def _add(request: Request, said: str, *, slug: str = "", surface: str = "", impression: str = "") -> None:
    parts = parts_of(request)
    caller = request.scope.get(CALLER_SCOPE_KEY)
    key = caller.key if isinstance(caller, Caller) else None
    parts.arrivals.add(
        Arrival(
            at=parts.application.clock.now(),
            call=_call(request),
            key="" if key is None else f"{key.kind.value}_… {key.name or key.id[:8]}",
            surface=surface or (key.surface if key is not None and key.surface else ""),
            origin=request.headers.get("origin", "")[:200],
            impression=impression[-8:],
            said=said,
            slug=slug,
        )
    )


def _call(request: Request) -> str:
    """The path as our own list of calls has it: what a stranger wrote into it is not kept."""
    return str(request.scope.get("suggest.route", "")).removeprefix("/v1/")


def _impression(row: Mapping[str, object]) -> str:
    sent = row.get("impression")
    return sent if isinstance(sent, str) else ""


def _row(row: object) -> Mapping[str, object]:
    return row if isinstance(row, dict) else {}
