"""The surfaces there are, and for each the place it is served from: its settings, its policy, its living model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from threading import Lock, RLock

from suggest.domain.errors import Conflict, FieldError, Invalid, UnknownSurface
from suggest.domain.policy import Policy
from suggest.domain.surface import Surface
from suggest.online import changes as rules
from suggest.online.embedding import Embedder
from suggest.online.messages import CandidateView
from suggest.online.promises import Promises
from suggest.online.rival import Rival
from suggest.online.suggester import Suggester
from suggest.policy.alone import NOT_YET, Alone
from suggest.policy.groups import GroupLine
from suggest.policy.planned import planned_line
from suggest.policy.solve import InForce
from suggest.store.ports import Cas

PREFIX = "surface/"
_FEW = 20  # requests after which the plan's line is looked at again, while few have come
RECENT = 2_000  # requests that speak for the traffic to come
_RULES: Mapping[str, rules.Rule] = {
    "title": rules.text(longest=200),
    "k": rules.whole(1, 50),
    "redact": rules.flag(),
    "retention_days": rules.or_null(rules.whole(1, 36_500)),
    "simulated": rules.flag(),
}


@dataclass(slots=True, kw_only=True)
class Serving:
    """A living model and the encoder whose vectors it is made of: they are only ever swapped together."""

    suggester: Suggester
    embedder: Embedder
    taught: set[str] | None = None  # while it is made ready beside the one that serves: what it has been told already
    _lock: Lock = field(default_factory=Lock)

    def is_new(self, name: str) -> bool:
        """Whether this impression or label has not been taught here yet; it counts as taught from now on."""
        if self.taught is None:
            return True
        with self._lock:
            if name in self.taught:
                return False
            self.taught.add(name)
            return True


@dataclass(slots=True, kw_only=True)
class Place:
    """All that one surface is served from. Readers take what they need once; writers hold `lock`."""

    surface: Surface
    serving: Serving
    line: InForce  # the threshold on p_any in force
    base: InForce  # what the policy comes to by the serving bundle alone
    alone: Alone = NOT_YET  # from where on the top option is applied
    base_alone: Alone = NOT_YET
    group_lines: tuple[GroupLine, ...] = ()  # what groups of requests come to by the serving bundle alone
    group_thresholds: Mapping[str, float] = field(default_factory=dict)  # in force, of groups with a line of their own
    noted: float | None = None  # the threshold of the last note that the watch left in the policy's history
    promises: Promises = field(default_factory=Promises)
    policy: Policy = field(default_factory=Policy)
    policy_revision: int = 0  # 0: the policy a new surface starts with
    catalogue: dict[str, CandidateView] = field(default_factory=dict)  # by id, retired ones too
    planned: tuple[tuple[int, int, int], float] = ((-1, -1, -1), 0.0)  # the line of the plan, and of when it is
    recent_p_any: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    lock: RLock = field(default_factory=RLock)
    rival: Rival | None = None  # in a canary: the challenger that shares the slates
    incoming: Serving | None = None  # will serve in a moment, with another encoder: it is taught already
    n_erasures: int = 0  # what was read of the log before the last of them may be gone

    @property
    def name(self) -> str:
        return self.surface.name

    @property
    def suggester(self) -> Suggester:
        return self.serving.suggester

    @property
    def embedder(self) -> Embedder:
        return self.serving.embedder

    def threshold_of(self, group: str, *, now: datetime) -> float:
        """The line for a request: its group's where that has one, and no looser than what is planned."""
        line = self.group_thresholds.get(group, self.line.threshold)
        return max(line, self._planned(now)) if self.policy.review_plan else line

    def _planned(self, now: datetime) -> float:
        """By the plan; traffic and time move it so slowly that once a minute, or every few requests, is enough."""
        state = (self.policy_revision, int(now.timestamp() // 60), len(self.recent_p_any) // _FEW)
        if self.planned[0] != state:
            self.planned = (state, planned_line(self.policy, self.recent_p_any, now=now))
        return self.planned[1]

    def learners(self) -> tuple[Serving, ...]:
        """All who must hear of what is learned now: first the one that serves."""
        incoming, serving = self.incoming, self.serving  # in this order: a swap in between shows one of them twice
        return (serving,) if incoming is None or incoming is serving else (serving, incoming)


def lesson_of(impression: str, *, is_select: bool) -> str:
    """The name of what an impression teaches: a selection after a dismissal is another lesson."""
    return f"{impression}:{'select' if is_select else 'none'}"


def refusal_lesson(impression: str, item: str) -> str:
    """The name of what the refusal of one option teaches."""
    return f"{impression}:not:{item}"


class Surfaces:
    def __init__(self, cas: Cas, *, open_place: Callable[[Surface], Place]) -> None:
        self._cas = cas
        self._open_place = open_place
        self._places: dict[str, Place] = {}
        self._lock = RLock()

    def restore(self) -> list[Place]:
        """Open every surface the store knows, each still empty of candidates and of what was learned."""
        for key, stored in self._cas.keys(PREFIX).items():
            surface = _from_json(key.removeprefix(PREFIX), stored.value)
            self._places.setdefault(surface.name, self._open_place(surface))
        return self.places()

    def put(self, name: str, changes: Mapping[str, object]) -> tuple[Surface, bool]:
        """Create a surface or change it; absent keys keep their value. Returns it and whether it is new."""
        rules.check_changes(changes, _RULES, what="surface")
        for _ in range(8):
            stored = self._cas.get(PREFIX + name)
            before = _new(name) if stored is None else _from_json(name, stored.value)
            after = replace(before, **changes)  # type: ignore[arg-type]  # checked against the rules above
            if stored is not None and after == before:
                return before, False
            try:
                self._cas.update(PREFIX + name, _to_json(after), expected=0 if stored is None else stored.revision)
            except Conflict:
                continue
            self._seen(after)
            return after, stored is None
        raise Conflict(f"Surface {name!r} is being changed by others at this moment; try again.")

    def place(self, name: str) -> Place:
        try:
            return self._places[name]
        except KeyError:
            raise UnknownSurface(f"There is no surface {name!r}; create it with PUT /v1/surfaces/{{name}}.") from None

    def places(self) -> list[Place]:
        return [self._places[name] for name in sorted(self._places)]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def _seen(self, surface: Surface) -> None:
        with self._lock:
            place = self._places.get(surface.name)
            if place is None:
                self._places[surface.name] = self._open_place(surface)
            else:
                place.surface = surface


def _new(name: str) -> Surface:
    try:
        return Surface(name=name)
    except ValueError as wrong:
        raise Invalid(f"{wrong}.", errors=(FieldError(pointer="/surface", detail=str(wrong)),)) from None


def _to_json(surface: Surface) -> dict[str, object]:
    return {key: value for key, value in asdict(surface).items() if key != "name"}


def _from_json(name: str, stored: Mapping[str, object]) -> Surface:
    return Surface(name=name, **{key: value for key, value in stored.items() if key in _RULES})  # type: ignore[arg-type]
