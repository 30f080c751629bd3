"""Tell those who watch versioned values, after the commit and never on the writer's time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Lock, Thread

from suggest.store.fold import Entry
from suggest.store.ports import Watcher

log = logging.getLogger("suggest.store")


class Watchers:
    def __init__(self) -> None:
        self._changes: SimpleQueue[Mapping[str, Entry] | None] = SimpleQueue()
        self._watching: dict[int, tuple[str, Watcher]] = {}
        self._lock = Lock()
        self._next = 0
        self._thread = Thread(target=self._run, name="suggest-watchers", daemon=True)
        self._thread.start()

    def watch(self, prefix: str, callback: Watcher) -> Callable[[], None]:
        with self._lock:
            number = self._next
            self._next += 1
            self._watching[number] = (prefix, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._watching.pop(number, None)

        return unsubscribe

    def announce(self, changed: Mapping[str, Entry]) -> None:
        if self._watching:
            self._changes.put(changed)

    def close(self) -> None:
        self._changes.put(None)
        self._thread.join(1)

    def _run(self) -> None:
        while (changed := self._changes.get()) is not None:
            for key, entry in changed.items():
                with self._lock:
                    interested = [callback for prefix, callback in self._watching.values() if key.startswith(prefix)]
                for callback in interested:
                    try:
                        callback(key, entry.versioned)
                    except Exception:
                        log.exception("a watcher of %s failed", key)
