"""A bell: whoever shows something that has just changed is told to look again, and not what it is now."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Bell:
    """Rings from any thread. What it wakes must neither wait nor ask back: whoever rings may hold a lock."""

    def __init__(self) -> None:
        self._wakes: dict[int, Callable[[], None]] = {}
        self._n = 0
        self._lock = Lock()

    def hear(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` at every ring from now on. Returns what ends that.

        >>> bell, heard = Bell(), []
        >>> stop = bell.hear(lambda: heard.append("ding"))
        >>> bell.ring(), stop(), bell.ring(), heard
        (None, None, None, ['ding'])
        """
        with self._lock:
            self._n += 1
            number = self._n
            self._wakes[number] = wake

        def stop() -> None:
            with self._lock:
                self._wakes.pop(number, None)

        return stop

    def ring(self) -> None:
        with self._lock:
            wakes = list(self._wakes.values())
        for wake in wakes:
            wake()
