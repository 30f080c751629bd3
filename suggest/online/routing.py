"""Which reviews suit a worker: what they know, what they speak, and whether somebody better is there.

Routing is soft. A review that needs a skill is kept for those who have it, as long as one of them is on duty and its
wait for them is not over; after that, or with none of them there, it is anybody's. Nothing ever waits for a specialist
who has gone home."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from suggest.domain.policy import Policy
from suggest.domain.review import Needs
from suggest.domain.slate import Slate
from suggest.domain.worker import LANGUAGE_FIELDS, language_of, words_of
from suggest.online.presence import Presence
from suggest.online.task import Task
from suggest.online.workers import Workers

SKILL_FIELDS = ("skill", "skills", "tags", "topic")


class Routing:
    def __init__(self, workers: Workers, presence: Presence) -> None:
        self._workers = workers
        self._presence = presence

    def needs(self, slate: Slate, policy: Policy, *, tags_of: Callable[[str], tuple[str, ...]]) -> Needs | None:
        """Who should answer this slate. What the request says of itself goes before what its options are about.

        Only what somebody here knows counts: a tag that is nobody's skill asks for nobody."""
        if policy.routing_wait_s == 0:
            return None
        people = self._workers.active_ones()
        known = frozenset(skill for each in people for skill in each.skills)
        fields = slate.context.fields
        asked = words_of(_words(fields, SKILL_FIELDS)) & known
        if known and not asked:
            asked = words_of(tag for item in slate.items for tag in tags_of(item.id)) & known
        language = language_of(next(iter(_words(fields, LANGUAGE_FIELDS)), "")) or None
        if language is not None and not any(each.languages for each in people):
            language = None
        if not asked and language is None:
            return None
        return Needs(skills=asked, language=language, until=slate.at + timedelta(seconds=policy.routing_wait_s))

    def may_speak(self, worker: str, task: Task) -> bool:
        """Whether another answer of this worker's would count, whoever else should rather give one."""
        return _may_speak(task, worker, has_account=self._workers.find(worker) is not None)

    def suits(self, worker: str, *, now: datetime) -> Callable[[Task], bool]:
        """Whether this worker should get a task now."""
        account = self._workers.find(worker)
        present = self._presence.on_duty()
        others = [each for each in self._workers.active_ones() if each.id in present and each.id != worker]

        def suits(task: Task) -> bool:
            if not _may_speak(task, worker, has_account=account is not None):
                return False
            needs = task.needs
            if needs is None or now >= needs.until or needs.are_met_by(account):
                return True
            return not any(needs.are_met_by(other) for other in others)

        return suits


def _may_speak(task: Task, worker: str, *, has_account: bool) -> bool:
    """Whether another voice of this worker's says something new. A sign-off is by people who are known."""
    if task.panel is None:
        return True
    if task.panel.sign_off > 1:
        return has_account and not (task.voices and task.voices[-1].worker == worker)
    return all(voice.worker != worker for voice in task.voices)


def _words(fields: Mapping[str, object], names: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        value = fields.get(name)
        values = value if isinstance(value, list | tuple) else [value]
        found += [each for each in values if isinstance(each, str)]
    return found
