"""Whether a process that was asked for something hangs: told by the processor time it uses, not by a clock on the wall.

On a busy machine a report takes many times as long as on a quiet one, and is no worse for it. What hangs either uses no
processor time at all (it is stopped, or waits for what never comes) or uses it without end and gets nothing done."""

from __future__ import annotations

STILL_S = 60.0  # without a moment of processor time
MOST_CPU_S = 120.0  # from one sign of life to the next: over ten million requests the longest step takes a tenth of it
LONGEST_S = 900.0  # from one to the next on the wall, where its processor time cannot be told


class Watch:
    """From an order on. `now_s`: a monotonic clock; `cpu_s`: the processor time the process has used, None: unknown."""

    def __init__(self, now_s: float, cpu_s: float | None) -> None:
        self.goes_on(now_s, cpu_s)

    def goes_on(self, now_s: float, cpu_s: float | None) -> None:
        """There was a sign of life."""
        self._began_s, self._began_cpu_s = now_s, cpu_s
        self._moved_s, self._cpu_s = now_s, cpu_s

    def why(self, now_s: float, cpu_s: float | None) -> str:
        """Why it hangs; empty while it may not."""
        if cpu_s is None or self._began_cpu_s is None:
            return f"it said nothing for {LONGEST_S:.0f} s" if now_s - self._began_s > LONGEST_S else ""
        if cpu_s != self._cpu_s:
            self._moved_s, self._cpu_s = now_s, cpu_s
        if cpu_s - self._began_cpu_s > MOST_CPU_S:
            return f"it used {MOST_CPU_S:.0f} s of processor time without getting on"
        return f"it did nothing for {STILL_S:.0f} s" if now_s - self._moved_s > STILL_S else ""
