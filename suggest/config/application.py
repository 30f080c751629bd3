"""The composition root: opens the data folder and joins store, encoder, online and loop into one application."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from suggest.config.settings import Settings
from suggest.config.small_talk import background_requests, open_trigger
from suggest.config.ticker import Ticker
from suggest.domain.clock import Clock, SystemClock
from suggest.domain.errors import SuggestError
from suggest.domain.ids import new_id
from suggest.loop.service import LoopService
from suggest.loop.tuning import Children, Tuning
from suggest.online.keys import first_secret_key
from suggest.online.service import OnlineService
from suggest.online.signing import open_signing
from suggest.online.webhooks import Sends
from suggest.policy.trigger import Trigger
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.encoder import Encoder, tunable_folder
from suggest.retrieve.encoders import Encoders, Load, load_from
from suggest.retrieve.language import known_language
from suggest.retrieve.loading import LoadingEncoder, open_encoder
from suggest.store.embedded import EmbeddedStore
from suggest.store.vectors import VectorFiles

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    settings: Settings
    online: OnlineService
    loop: LoopService
    store: EmbeddedStore
    ticker: Ticker
    messenger: Ticker  # tells webhooks, on a thread of its own: a receiver may take its time
    reporter: Ticker  # counts reports, on a thread of its own: a large log takes its time
    batcher: Batcher  # of the configured encoder
    encoders: Encoders
    clock: Clock
    secret_key: str  # the first secret key
    is_secret_key_new: bool  # made at this start: show it once
    reporters: list[Callable[[], None]] = field(default_factory=list)  # what counts reports; set by the web

    def load(self) -> None:
        """Wait for the encoder, and for the trigger that is fitted with it. Raises EncoderUnavailable."""
        if isinstance(self.batcher.encoder, LoadingEncoder):
            self.batcher.encoder.wait()
        for batcher in self.encoders.opened():
            if batcher is self.batcher and self.online.has_trigger:
                continue
            try:
                trigger = open_trigger(batcher, cache_dir=self.settings.encoder_cache)
            except (SuggestError, OSError):
                if batcher is self.batcher:
                    raise
                log.exception("the tuned encoder %s cannot be read; its surfaces rank by words", batcher.fingerprint)
                continue
            if trigger is not None:
                self.online.use_trigger(trigger)

    def warm(self) -> None:
        """Load, and encode a little: from then on no request is slower than others, and /readyz says so."""
        self.load()
        self.encoders.warm()

    def catch_up(self) -> None:
        """Begin what a start left for later, on threads of its own."""
        self.store.warm_up()
        self.online.catch_up.start()

    def close(self) -> None:
        """Finish what is being written and let the data folder go. Harmless a second time."""
        _let_go(self.batcher.encoder)
        self.ticker.close()
        self.messenger.close()
        self.reporter.close()
        self.online.catch_up.close()
        self.loop.close()
        self.encoders.close()
        self.batcher.close()
        self.store.close()

    def tick(self) -> None:
        """Let time pass once: leases lapse, waits end, retrains begin. The ticker does it every second."""
        now = self.clock.now()
        self.online.tick(now)
        self.loop.tick(now)

    def tell(self) -> None:
        """Send what webhooks are due, and what has come about since. The messenger does it every second."""
        try:
            self.online.alerts.look()
        finally:
            self.online.webhooks.deliver()

    def report(self) -> None:
        """Count what reports and gauges are due. The reporter does it every second."""
        for each in self.reporters:
            each()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_application(
    settings: Settings,
    *,
    clock: Clock | None = None,
    encoder: Encoder | None = None,
    trigger: Trigger | None = None,
    ticking: bool = True,
    catching_up: bool = True,
    load_tuned: Load | None = None,
    tunable: Path | None = None,
    children: Children | None = None,
    send: Sends | None = None,
) -> Application:
    """Open a data folder, making it where there is none, and restore all that it remembers.

    The encoder may still be loading when this returns: requests are ranked by words until then, and small talk is known
    for what it is only after `Application.load`. Raises EncoderUnavailable where there is no such encoder.

    `ticking` off: nothing happens by itself. Time passes only by `Application.tick`, and the start catches up with all
    that it could do later before it returns. `catching_up` off: whoever opened it calls `Application.catch_up` when
    there is time, as a server does once it is ready. `load_tuned` reads a tuned encoder, `tunable` is the folder that
    tuning starts from (by default the configured encoder's), `children` run the trials: tests bring their own."""
    clock = clock or SystemClock()
    store = EmbeddedStore.open(settings.data_dir, clock=clock, warm=catching_up)
    try:
        opened = encoder or open_encoder(settings.encoder, cache_dir=settings.encoder_cache, threads=settings.threads)
        is_loaded = (lambda: opened.is_loaded) if isinstance(opened, LoadingEncoder) else (lambda: True)
        batcher = Batcher(opened, cache_size=settings.cached_texts, is_loaded=is_loaded)
    except BaseException:
        store.close()
        raise
    try:
        secret_key, is_new = first_secret_key(settings.data_dir, configured=settings.secret_key)
        encoders = Encoders(
            batcher,
            folder=settings.data_dir / "encoders",
            fetch=store.blobs.get,
            load=load_tuned or partial(load_from, threads=settings.threads),
        )
        vectors = VectorFiles(settings.data_dir / "vectors")
        served_by: list[OnlineService] = []  # the loop is there before what it installs into

        def served() -> OnlineService:
            return served_by[0]

        loop = LoopService(
            store=store,
            clock=clock,
            new_id=lambda: new_id(clock),
            tuning=Tuning(
                store,
                encoders=encoders,
                vectors=vectors,
                base=tunable or tunable_folder(opened),
                base_cache=settings.encoder_cache,
            ),
            background=lambda: background_requests(batcher),
            policy_of=lambda surface: served().get_policy(surface).policy,
            install=lambda surface, bundle, files, data_until=0: served().install(
                surface, bundle, files, data_until=data_until
            ),
            interleave=lambda surface, bundle, files, data_until=0: served().interleave(
                surface, bundle, files, data_until=data_until
            ),
            work=settings.data_dir / "work",
            threads=max(1, (os.cpu_count() or 2) - 1),
            children=children,
            alert=lambda surface, bundle, why: served().alerts.rollback_writes(surface, bundle, why),
        )
        online = OnlineService(
            store=store,
            encoders=encoders,
            vectors=vectors,
            signing=open_signing(settings.data_dir, clock=clock),
            clock=clock,
            open_trigger=lambda tuned: open_trigger(tuned, cache_dir=settings.encoder_cache),
            encode_within_s=settings.encode_ms / 1000,
            secret_key=secret_key,
            load_bundle=loop.load_bundle,
            send=send,
            webhooks_may_be_private=settings.webhooks_private,
            knows_language=known_language(settings.encoder, opened),
        )
        served_by.append(online)
        if trigger is not None:
            online.use_trigger(trigger)
        online.on_outcomes = loop.note_outcomes
        online.restore()
        loop.resume([each.name for each in online.list_surfaces()])
    except BaseException:
        _let_go(opened)
        batcher.close()
        store.close()
        raise
    application = Application(
        settings=settings,
        online=online,
        loop=loop,
        store=store,
        ticker=Ticker(),
        messenger=Ticker(),
        reporter=Ticker(),
        batcher=batcher,
        encoders=encoders,
        clock=clock,
        secret_key=secret_key,
        is_secret_key_new=is_new,
    )
    if ticking:
        if catching_up:
            online.catch_up.start()
        application.ticker.start(application.tick)
        application.messenger.start(application.tell)
        application.reporter.start(application.report)
    else:
        application.load()
        online.catch_up.run()
    return application


def _let_go(encoder: Encoder) -> None:
    """Whoever waits for an encoder that is not loaded yet waits no more."""
    if isinstance(encoder, LoadingEncoder):
        encoder.give_up()
