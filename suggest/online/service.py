"""The whole of online in one place: what the web and the command line may ask of it.

Each method is one use case and lives in the file of its noun; this class only knows who needs whom. Plain synchronous
code, called from many threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from suggest.domain.bundle import EncoderRef
from suggest.domain.candidate import Candidate
from suggest.domain.clock import Clock
from suggest.domain.errors import NotFound, SuggestError, TokenInvalid
from suggest.domain.guideline import Guideline
from suggest.domain.ids import new_id
from suggest.domain.policy import Policy, TargetKind
from suggest.domain.review import ReviewState
from suggest.domain.surface import Surface
from suggest.domain.worker import Worker
from suggest.online.alerts import Alerts
from suggest.online.annotations import Annotation, Annotations
from suggest.online.automatic import automatic_decisions
from suggest.online.bell import Bell
from suggest.online.board import Board
from suggest.online.candidates import Catalogue
from suggest.online.caps import Caps
from suggest.online.catch_up import CatchUp
from suggest.online.commit import Committer
from suggest.online.crew import Crew
from suggest.online.embedding import DEADLINE_S, Embedder
from suggest.online.erasure import Eraser
from suggest.online.escalations import Escalations, Listener
from suggest.online.guidelines import Guidelines, Pointer
from suggest.online.history import relearn_since, told_since
from suggest.online.keys import Key, KeyKind, Keys
from suggest.online.label import Labeller
from suggest.online.lines import base_of
from suggest.online.links import Links, Role, Session
from suggest.online.measures import measures
from suggest.online.messages import (
    AutomaticDecision,
    CandidateView,
    EscalationView,
    PolicyView,
    Proposal,
    Proposed,
    QueueCounts,
    RawEvent,
    RawLabel,
    RawPastSlate,
    RawVerdict,
    Ready,
    Recorded,
    ReviewView,
    Upserted,
    VerdictResult,
)
from suggest.online.model import encoder_of
from suggest.online.moving import Moved, Mover
from suggest.online.outbound import Outbound, wrong_with
from suggest.online.outcomes import Outcomes
from suggest.online.panels import Panels, Quality
from suggest.online.past_cases import PastCase, past_cases
from suggest.online.past_log import PastLog
from suggest.online.picking import Picker
from suggest.online.policies import Policies
from suggest.online.presence import Presence
from suggest.online.propose import Drafted, Proposer
from suggest.online.queue import Queue
from suggest.online.record import Recorder
from suggest.online.restore import Restorer
from suggest.online.review import LEASE_S, Reviews
from suggest.online.rival import Rival
from suggest.online.routing import Routing
from suggest.online.schedules import Schedules
from suggest.online.second_look import SecondLook
from suggest.online.served import Shelf
from suggest.online.signing import Signing
from suggest.online.suggester import Model, Suggester
from suggest.online.surfaces import Place, Serving, Surfaces
from suggest.online.swap import Swapper
from suggest.online.teach import Teacher
from suggest.online.tokens import ImpressionToken, sign_slate, verify_token
from suggest.online.user_tokens import verified_user
from suggest.online.watching import Watches
from suggest.online.webhooks import Sends, Webhooks
from suggest.online.workers import Workers
from suggest.policy.solve import Preview
from suggest.policy.trigger import Trigger
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.encoders import Encoders
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Exported
from suggest.store.vectors import VectorFiles

TIDY_EVERY = timedelta(minutes=1)
_A_MOMENT = timedelta(milliseconds=1)  # so that what was served just now counts
LoadBundle = Callable[[str, str], Mapping[str, bytes]]  # surface, bundle id -> the files of the bundle
OpenTrigger = Callable[[Batcher], Trigger | None]  # what knows small talk in the vectors of an encoder


class OnlineService:
    def __init__(
        self,
        *,
        store: EmbeddedStore,
        encoders: Encoders,
        vectors: VectorFiles,
        signing: Signing,
        clock: Clock,
        open_trigger: OpenTrigger = lambda batcher: None,
        encode_within_s: float = DEADLINE_S,
        secret_key: str | None = None,
        load_bundle: LoadBundle | None = None,
        send: Sends | None = None,  # how webhooks go out
        webhooks_may_be_private: bool = False,
        knows_language: Callable[[str], bool] | None = None,  # whether the encoder was made for a text's language
    ) -> None:
        self._store = store
        self._clock = clock
        self._signing = signing
        self._encoders = encoders
        self._vectors = vectors
        self._open_trigger = open_trigger
        self._encode_within_s = encode_within_s
        self._triggers: dict[str, Trigger | None] = {}  # by encoder
        self._tidied_at = clock.now()
        self.on_outcomes: Callable[[str, int], None] = lambda surface, n: None  # set by whoever schedules retraining
        self.catch_up = CatchUp()  # what a start left for later
        self._restorer = Restorer(store, open_serving=self._open_serving, clock=clock, load_bundle=load_bundle)
        self._swapper = Swapper(store, restorer=self._restorer, open_serving=self._open_ready)
        self._surfaces = Surfaces(store, open_place=self._open_place)
        self._policies = Policies(store, store, clock=clock)
        self._catalogue = Catalogue(store, clock=clock)
        self._shelf = Shelf(self._restorer.read_served)
        self._outcomes = Outcomes(
            observe=lambda surface, impression, taken: self._place(surface).suggester.engagement.ended(
                impression, taken=taken, at=clock.now().timestamp()
            ),
            on_outcomes=lambda surface, n: self.on_outcomes(surface, n),
        )
        self._watches = Watches(store, place=self._place, settle=self._policies.watched)
        queue = Queue()
        self._queue_bell = Bell()
        self._presence = Presence(clock, bell=self._queue_bell)
        self._workers = Workers(store, clock=clock)
        routing = Routing(self._workers, self._presence)
        self._panels = Panels(store)
        self._escalations = Escalations(
            queue, self._presence, clock=clock, out_of_hours=self._out_of_hours, is_open=self._is_open
        )
        self._webhooks = Webhooks(
            store,
            clock=clock,
            send=send or Outbound(may_be_private=webhooks_may_be_private),
            check_url=partial(wrong_with, may_be_private=webhooks_may_be_private),
        )
        self._board = Board(
            store,
            log=store,
            queue=queue,
            escalations=self._escalations,
            presence=self._presence,
            clock=clock,
            writes_beside=self._webhooks.writes_for,
            bell=self._queue_bell,
        )
        self._guidelines = Guidelines(
            store,
            log=store,
            reads=store,
            board=self._board,
            shelf=self._shelf,
            clock=clock,
            new_id=self._new_id,
        )
        teacher = Teacher(
            reads=store,
            place=self._place,
            catalogue=self._catalogue,
            on_outcome=lambda surface: self._outcomes.learned(surface, 1),
            watches=self._watches,
            guidelines=self._guidelines,
        )
        self._reviews = Reviews(
            log=store,
            board=self._board,
            shelf=self._shelf,
            escalations=self._escalations,
            presence=self._presence,
            teacher=teacher,
            routing=routing,
            panels=self._panels,
            clock=clock,
            new_id=self._new_id,
        )
        self.schedules = Schedules(store, store, clock=clock)
        self.alerts = Alerts(
            store, store, reads=store, webhooks=self._webhooks, clock=clock, places=self._surfaces.places
        )
        self._mover = Mover(store, catalogue=self._catalogue, clock=clock, new_id=self._new_id)
        self._annotations = Annotations(store, clock=clock, new_id=self._new_id)
        self._second_look = SecondLook(
            log=store, reads=store, shelf=self._shelf, board=self._board, clock=clock, new_id=self._new_id
        )
        self._picker = Picker(log=store, reads=store, board=self._board, new_id=self._new_id)
        committer = Committer(
            log=store,
            shelf=self._shelf,
            board=self._board,
            outcomes=self._outcomes,
            place=self._place,
            signing=signing,
            routing=routing,
            new_id=self._new_id,
        )
        self._proposer = Proposer(
            place=self._place,
            commit=committer,
            user_key=signing.user_key,
            clock=clock,
            new_id=self._new_id,
            knows_language=knows_language,
            n_waiting=self._board.n_waiting,
        )
        self._recorder = Recorder(
            log=store,
            shelf=self._shelf,
            place=self._place,
            outcomes=self._outcomes,
            watches=self._watches,
            caps=Caps(),
            signing=signing,
            clock=clock,
        )
        self._labeller = Labeller(log=store, place=self._place, signing=signing, clock=clock)
        self._past_log = PastLog(log=store, place=self._place, signing=signing, clock=clock)
        self._keys = Keys(store, signing=signing, clock=clock, configured=secret_key)
        self._links = Links(store, signing=signing, clock=clock)
        self._eraser = Eraser(
            store,
            signing=signing,
            shelf=self._shelf,
            outcomes=self._outcomes,
            board=self._board,
            surfaces=self._surfaces,
            vectors=vectors,
            clock=clock,
        )

    def restore(self) -> None:
        """Fold what is in the log into memory: once, before the first request. Then run or start `catch_up`."""
        for place in self._surfaces.restore():
            self._policies.restore(place)  # first: how long silence is waited for is the policy's
            self._restorer.restore(place, self._outcomes, self.catch_up)
            self._watches.restore(place)
            self._policies.redraw(place)
        self._guidelines.restore()
        self._board.restore()
        self._workers.follow()
        self._webhooks.restore()

    # -- surfaces, candidates, policy ---------------------------------------------------------------------------------

    def put_surface(self, name: str, changes: Mapping[str, object]) -> tuple[Surface, bool]:
        """Create or change a surface; the second value is True where it is new."""
        surface, is_new = self._surfaces.put(name, changes)
        if changes.get("redact") is True and not is_new:
            self._eraser.redact(name)
        return surface, is_new

    def get_surface(self, name: str) -> Surface:
        return self._place(name).surface

    def list_surfaces(self) -> list[Surface]:
        return [place.surface for place in self._surfaces.places()]

    def upsert_candidates(
        self, surface: str, candidates: Sequence[Candidate], *, reset_ids: frozenset[str] = frozenset()
    ) -> Upserted:
        return self._catalogue.upsert(self._place(surface), candidates, reset_ids=reset_ids)

    def list_candidates(self, surface: str, limit: int = 100, after: str | None = None) -> list[CandidateView]:
        return self._catalogue.list(self._place(surface), limit=limit, after=after)

    def move_candidates(self, surface: str, old: Sequence[str], new: Sequence[str], *, apply: bool) -> Moved:
        """Rename, merge or split options: what their known answers would come to; with `apply`, do it."""
        return self._mover.move(self._place(surface), old, new, apply=apply)

    def retire_candidate(self, surface: str, id: str) -> None:
        self._catalogue.retire(self._place(surface), id)

    def get_policy(self, surface: str) -> PolicyView:
        return self._policies.view(self._place(surface))

    def put_policy(
        self, surface: str, changes: Mapping[str, object], by: str, *, may_loosen: bool = True
    ) -> PolicyView:
        return self._policies.put(self._place(surface), changes, by=by, may_loosen=may_loosen)

    def preview_policy(self, surface: str, changes: Mapping[str, object]) -> Preview:
        place = self._place(surface)
        crew = Crew(self._store, self._escalations, self._presence, surface=place.name, now=self._clock.now())
        return self._policies.preview(place, changes, wait_s=crew.wait_s, people=crew.people_needed)

    def automatic_decisions(self, surface: str, limit: int = 100) -> list[AutomaticDecision]:
        """What was applied without asking anybody, newest first."""
        return automatic_decisions(self._store, self._place(surface).name, limit)

    def annotate(self, surface: str, text: str, at: datetime | None = None) -> Annotation:
        """Write down what happened, for reports to show it."""
        return self._annotations.add(self._place(surface).name, text, at)

    def second_look(self, surface: str, impressions: Sequence[str]) -> int:
        """Hand slates that were served to people; how many there were to hand over."""
        return self._second_look.hand_over(self._place(surface).name, impressions)

    def guideline(self, surface: str, version: int | None = None) -> Guideline:
        """The guideline in force, or one of its versions. Raises NotFound."""
        name = self._place(surface).name
        return self._guidelines.of(name) if version is None else self._guidelines.version(name, version)

    def put_guideline(self, surface: str, text: str, *, by: str) -> Guideline:
        """Put another version in force. Raises Invalid."""
        return self._guidelines.put(self._place(surface).name, text, by=by)

    def disputes(self, surface: str) -> list[Pointer]:
        """What people wrote about paragraphs of the guideline in force."""
        return self._guidelines.disputes(self._place(surface).name)

    def outdated_answers(self, surface: str) -> list[Pointer]:
        """Answers that rest on a paragraph that has changed since."""
        return self._guidelines.outdated(self._place(surface).name)

    def ask_again(self, surface: str) -> int:
        """Put those answers to people again; how many."""
        return self._guidelines.ask_again(self._place(surface))

    # -- requests and feedback ----------------------------------------------------------------------------------------

    def suggest(self, proposal: Proposal) -> Proposed:
        return self._proposer.propose(proposal)

    def rehearse(self, proposal: Proposal) -> Drafted:
        """What would be suggested, without storing it: for trying out."""
        return self._proposer.rehearse(proposal)

    def suggest_batch(self, proposals: Sequence[Proposal]) -> list[Proposed | SuggestError]:
        return self._proposer.propose_batch(proposals)

    def record(self, events: Sequence[RawEvent], *, trusted: bool, address: str | None = None) -> Recorded:
        """`address` is where they came from, as far as it tells one caller from another."""
        return self._recorder.record(events, trusted=trusted, address=address)

    def add_labels(self, labels: Sequence[RawLabel]) -> Recorded:
        return self._labeller.add(labels)

    def import_log(self, surface: str, rows: Sequence[RawPastSlate]) -> Recorded:
        """What another system showed before, and what was chosen, as slates and events of their own time."""
        return self._past_log.add(surface, rows)

    def verified_user(self, token: str) -> str:
        """Of whom a signed user token speaks. Raises UserTokenInvalid."""
        return verified_user(token, secrets=self._keys.user_secrets(), now=self._clock.now())

    def check_token(self, token: str) -> ImpressionToken:
        """What an impression token says. Raises TokenInvalid or TokenExpired."""
        return verify_token(token, signing=self._signing, clock=self._clock)

    # -- reviews and escalations --------------------------------------------------------------------------------------

    def claim(self, worker: str, surface: str | None = None, lease_s: float = LEASE_S) -> ReviewView | None:
        if surface is not None:
            self._place(surface)
        return self._reviews.claim(worker, surface=surface, lease_s=lease_s)

    def reclaim(self, worker: str, id: str) -> ReviewView | None:
        """This very review, for somebody whose lease on it ran out; None where it cannot be had any more."""
        return self._reviews.reclaim(worker, id)

    def review_state(self, id: str) -> ReviewState:
        """Where a review stands now. Raises NotFound."""
        return self._reviews.state(id)

    def heartbeat(self, id: str, lease: str, lease_s: float = LEASE_S) -> ReviewView:
        return self._reviews.heartbeat(id, lease, lease_s)

    def release(self, id: str, lease: str) -> None:
        self._reviews.release(id, lease)

    def postpone(self, id: str, lease: str, until: datetime) -> None:
        """Put a review off: it is offered to nobody until then, and comes back by itself."""
        self._reviews.postpone(id, lease, until)

    def verdict(self, id: str, raw: RawVerdict, *, next: bool = False, lease_s: float = LEASE_S) -> VerdictResult:
        """Answer a review; with `next`, claim the next one for the same worker, as they had asked for them."""
        return self._reviews.verdict(id, raw, claim_next=next, lease_s=lease_s)

    def surface_of_review(self, id: str) -> str:
        """The surface that a review came from. Raises NotFound."""
        return self._reviews.surface_of(id)

    def undo(self, id: str, eid: str, worker: str) -> VerdictResult:
        return self._reviews.undo(id, eid, worker)

    def mark_present(self, worker: str) -> None:
        """This worker's console is open: somebody is on duty for the next five minutes."""
        self._reviews.mark_present(worker)

    def on_duty(self) -> int:
        """How many workers were heard of in the last five minutes."""
        return self._presence.n_on_duty()

    def is_on_duty(self, worker: str) -> bool:
        return self._presence.is_on_duty(worker)

    def queue_counts(self, surface: str | None = None) -> QueueCounts:
        return self._board.counts(surface)

    def hear_queue(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake`, from any thread, whenever `queue_counts` may say something else; returns what ends that."""
        return self._queue_bell.hear(wake)

    def escalation(self, id: str) -> EscalationView:
        return self._reviews.escalation(id)

    def check_escalation(self, id: str, token: str) -> EscalationView:
        """The escalation, for the holder of its impression's token. Raises TokenInvalid for any other token."""
        held = self.check_token(token)
        try:
            view = self.escalation(id)
        except NotFound:
            view = None
        if view is None or view.impression != held.impression:
            raise TokenInvalid("This token is not of the impression that was escalated.")
        return view

    def subscribe(self, id: str, callback: Listener) -> Callable[[], None]:
        """Call back with each later state of an escalation, on whatever thread made it; returns what ends that."""
        return self._escalations.subscribe(id, callback)

    def open_escalations(self, session: str, surface: str) -> list[tuple[EscalationView, str]]:
        """What this sitting still waits for, each with its impression's token, so that a reloaded page finds it."""
        self._place(surface)
        found = []
        for task in self._reviews.open_escalations(self._signing.user_key(session), surface):
            served = self._shelf.get(task.review.impression)
            if served is not None:
                token = sign_slate(served.slate, signing=self._signing)
                found.append((self.escalation(task.review.id), token))
        return found

    # -- keys and people ----------------------------------------------------------------------------------------------

    def create_key(
        self,
        kind: KeyKind | str,
        *,
        name: str = "",
        surface: str | None = None,
        origins: Sequence[str] = (),
        worker: str | None = None,
    ) -> tuple[Key, str]:
        """A new key, and its text, which is shown this once. `worker`: the open account that a worker key is of."""
        if worker is not None:
            self.check_worker(worker)
        return self._keys.create(kind, name=name, surface=surface, origins=origins, worker=worker)

    def check_key(self, text: str) -> Key | None:
        return self._keys.check(text)

    def list_keys(self) -> list[Key]:
        return self._keys.list()

    def revoke_key(self, id: str) -> Key:
        return self._keys.revoke(id)

    @property
    def webhooks(self) -> Webhooks:
        """Who else hears of escalations."""
        return self._webhooks

    @property
    def workers(self) -> Workers:
        """The accounts of the people who work here."""
        return self._workers

    def check_worker(self, worker: str) -> Worker:
        """An account that is open. Raises NotFound, or Conflict where it is closed."""
        return self._workers.active(worker)

    def past_cases(self, review: str) -> list[PastCase]:
        """What people answered before to requests like that of a review, nearest first."""
        task, _ = self._board.known(review)
        served = self._shelf.get(task.review.impression)
        return [] if served is None else past_cases(self._store, self._place(task.review.surface), served)

    def worker_quality(self, worker: str) -> Quality:
        """How a worker answers, as far as others answered the same."""
        return self._panels.quality(worker)

    def create_link(self, role: Role | str = Role.WORKER, name: str = "", *, account: str | None = None) -> str:
        """The code of a sign-in link that works once, for a quarter of an hour; of an account, or for whoever it is."""
        return self._links.create(role, name=name, account=account)

    def redeem_link(self, code: str) -> tuple[Session, str]:
        """Spend a code: the session and the signed text that proves it for twelve hours."""
        return self._links.redeem(code)

    def session_of_link(self, code: str) -> Session:
        """The session that a code would buy; it stays unspent."""
        return self._links.whose(code)

    def end_session(self, session: Session) -> None:
        """Signed out, in whatever browser a copy of the cookie is."""
        self._links.end(session)

    def check_session(self, text: str) -> Session | None:
        return self._links.check(text)

    def session_of_login(self, login: str) -> Session | None:
        """The sitting of whom a trusted proxy has signed in; None where no account has this login."""
        worker = self._workers.of_login(login)
        return None if worker is None else self._links.of_worker(worker)

    def page_token(self, session: Session) -> str:
        """What our own pages send back with every change of this session's."""
        return self._links.page_token(session)

    def delete_user(self, user: str) -> int:
        """Erase all that a person left behind, from every file; returns how many rows went."""
        return self._eraser.delete_user(user)

    # -- operation ----------------------------------------------------------------------------------------------------

    def install(self, surface: str, bundle_id: str, files: Mapping[str, bytes], *, data_until: int = 0) -> None:
        """Serve a surface with a bundle from the next request on.

        `data_until` is the last sequence of the log that the bundle has seen; what came later is taught again."""
        place, encoder = self._place(surface), encoder_of(files) or self._encoders.default_ref
        if encoder.fingerprint != place.embedder.fingerprint:
            self._swapper.swap(place, bundle_id, files, encoder, data_until)
        else:
            with place.lock:
                place.rival = None
                place.suggester.install(bundle_id, files)
                if data_until:
                    relearn_since(self._store, place.serving, data_until)
        with place.lock:
            self._policies.redraw(place)

    @property
    def has_trigger(self) -> bool:
        return self._triggers.get(self._encoders.default.fingerprint) is not None

    def use_trigger(self, trigger: Trigger) -> None:
        """Judge by this trigger from the next request on, on every surface whose encoder it reads."""
        self._triggers[trigger.encoder] = trigger
        for place in self._surfaces.places():
            serving = place.serving
            if serving.embedder.fingerprint == trigger.encoder:
                serving.suggester.use_trigger(trigger)

    def interleave(
        self, surface: str, bundle_id: str | None, files: Mapping[str, bytes], *, data_until: int = 0
    ) -> None:
        """Let a challenger share the slates of a surface from the next request on; None: no more."""
        place = self._place(surface)
        with place.lock:
            if bundle_id is None:
                place.rival, place.suggester.rival = None, None
                return
            beside = place.suggester.beside(Model.from_files(bundle_id, files))
            for told in told_since(self._store, place.serving, data_until):
                beside.replay_head(told.embedding, told.outcomes, weight=told.weight)
            place.suggester.rival = beside
            place.rival = Rival(place.suggester.bundle, beside)

    def suggester(self, surface: str) -> Suggester:
        """The living model of a surface."""
        return self._place(surface).suggester

    def tick(self, now: datetime | None = None) -> None:
        """Let time pass: lapsed leases, waits that are over, lines drawn by traffic. Call it once a second."""
        moment = now or self._clock.now()
        self._board.sweep()
        self._presence.n_on_duty()  # whoever was not heard of for long is gone, and pages hear of it
        if moment - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = moment
            self._board.tidy()
            serving = {place.embedder.fingerprint for place in self._surfaces.places()}
            self._encoders.let_go(serving | self._swapper.opening)
        self._links.sweep()
        self._eraser.enforce_retention(moment)
        for place in self._surfaces.places():
            self._picker.tick(place, moment)
            self._outcomes.sweep(place.name, now=moment, reward_wait_s=place.policy.reward_wait_s)
            if place.policy.target.kind is TargetKind.REVIEW_SHARE:
                self._policies.redraw(place)

    def metrics(self, surface: str, from_: datetime | None = None, to: datetime | None = None) -> Mapping[str, object]:
        place = self._place(surface)
        return measures(self._store, place.name, since=from_, until=to or self._clock.now() + _A_MOMENT)

    def export(self, table: str, format: Literal["parquet", "csv"]) -> Path:
        """A new file with everything acknowledged before this call; the caller deletes it when it is sent."""
        try:
            named = Exported(table)
        except ValueError:
            raise NotFound(f"There is no table {table!r} to export; there are {', '.join(Exported)}.") from None
        path = self._store.data_dir / "exports" / f"{named}-{self._new_id()}.{format}"
        self._store.export(named, format, path)
        return path

    def ready(self) -> Ready:
        """Whether requests can be served: the log takes a write, the encoder is warm, each champion is loaded."""
        reasons = []
        if not self._store.health().writable:
            reasons.append("the log cannot take a write")
        if not self._encoders.default.is_loaded:
            reasons.append("the encoder is being loaded, at the very first start for about half a minute")
        elif not self._encoders.default.is_warm or not all(each.embedder.is_warm for each in self._surfaces.places()):
            reasons.append("the encoder is warming up")
        for place in self._surfaces.places():
            if not self._restorer.serves_champion(place):
                reasons.append(f"surface {place.name} does not serve its champion")
        return Ready(ok=not reasons, reasons=tuple(reasons))

    # -- parts --------------------------------------------------------------------------------------------------------

    def _open_place(self, surface: Surface) -> Place:
        serving = self._open_serving(surface.name, None)
        base = base_of(Policy(), serving.suggester)
        place = Place(surface=surface, serving=serving, line=base, base=base)
        self._policies.redraw(place)  # the line for acting alone, too: it says how many labels are missing
        return place

    def _open_serving(self, surface: str, encoder: EncoderRef | None) -> Serving:
        """An empty model of a surface that reads the vectors of an encoder; None: of the configured one.

        The trigger reads the same vectors, so that one pass of the encoder does for both."""
        batcher = self._encoders.default if encoder is None else self._encoders.batcher(encoder)
        return Serving(
            suggester=Suggester(surface, dim=batcher.dim, trigger=self._triggers.get(batcher.fingerprint)),
            embedder=Embedder(
                batcher,
                kept=self._vectors.of(surface, batcher.fingerprint, batcher.dim),
                deadline_s=self._encode_within_s,
            ),
        )

    def _open_ready(self, surface: str, encoder: EncoderRef | None) -> Serving:
        """The same with its trigger, which may have to be fitted first."""
        serving = self._open_serving(surface, encoder)
        if (own := serving.embedder.fingerprint) not in self._triggers and encoder is not None:
            self._triggers[own] = self._open_trigger(self._encoders.batcher(encoder))
            serving.suggester.use_trigger(self._triggers[own])
        return serving

    def _place(self, name: str) -> Place:
        return self._surfaces.place(name)

    def _new_id(self) -> str:
        return new_id(self._clock)

    def _is_open(self, surface: str) -> bool:
        """Whether somebody should be there by the hours of a surface."""
        return surface not in self._surfaces or self._place(surface).policy.hours.is_open(self._clock.now())

    def _out_of_hours(self, surface: str) -> str | None:
        return self._place(surface).policy.out_of_hours if surface in self._surfaces else None
