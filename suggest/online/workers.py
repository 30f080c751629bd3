"""The accounts of the people who work here: made by an owner, signed in by a one-time link or by the proxy in front.

An account is never deleted, because verdicts name it: who has left keeps the name and loses every right at once."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import RLock

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339
from suggest.domain.errors import Conflict, FieldError, Invalid, NotFound
from suggest.domain.worker import MOST_SKILLS, Role, Worker, language_of, words_of
from suggest.online import changes as rules
from suggest.store.ports import Cas

PREFIX = "worker/"


def _words(value: object) -> str | None:
    if isinstance(value, list | tuple) and all(isinstance(each, str) and 0 < len(each) <= 100 for each in value):
        return None if len(value) <= MOST_SKILLS else f"must be at most {MOST_SKILLS} words"
    return "must be a list of words of 1 to 100 characters"


_RULES: Mapping[str, rules.Rule] = {
    "name": rules.text(longest=320),
    "role": rules.one_of(*Role),
    "skills": _words,
    "languages": _words,
    "login": rules.or_null(rules.text(longest=200)),
}


class Workers:
    """All accounts. Safe from many threads."""

    def __init__(self, cas: Cas, *, clock: Clock) -> None:
        self._cas = cas
        self._clock = clock
        self._active: tuple[Worker, ...] | None = None
        self._lock = RLock()  # over a look for a login and the write that takes it, and over what is kept in memory

    def create(self, changes: Mapping[str, object]) -> Worker:
        name = changes.get("name")
        if not isinstance(name, str) or not name.strip():
            raise _wrong("/name", "is needed")
        fresh = Worker(id=_new_id(name), name="new", created_at=self._clock.now())
        worker = self._changed(fresh, changes)
        with self._lock:
            self._check_login(worker)
            self._cas.update(PREFIX + worker.id, _json(worker), expected=0)
            self._active = None
        return worker

    def change(self, worker_id: str, changes: Mapping[str, object]) -> Worker:
        """Merge changes into an account; absent keys keep their value."""
        return self._update(worker_id, lambda worker: self._changed(worker, changes))

    def leave(self, worker_id: str) -> Worker:
        """They may do nothing any more, from the next request on. Twice keeps the first time."""
        return self._update(worker_id, lambda worker: replace(worker, left_at=worker.left_at or self._clock.now()))

    def get(self, worker_id: str) -> Worker:
        found = self.find(worker_id)
        if found is None:
            raise NotFound(f"There is no worker {worker_id!r}; list them to see who there is.")
        return found

    def active(self, worker_id: str) -> Worker:
        """An open account. Raises NotFound, or Conflict where it is closed."""
        worker = self.get(worker_id)
        if not worker.is_active:
            raise Conflict(f"The account of {worker.name} is closed.")
        return worker

    def find(self, worker_id: str) -> Worker | None:
        stored = self._cas.get(PREFIX + worker_id)
        return None if stored is None else _worker(worker_id, stored.value)

    def list(self) -> list[Worker]:
        return [_worker(key.removeprefix(PREFIX), each.value) for key, each in self._cas.keys(PREFIX).items()]

    def of_login(self, login: str) -> Worker | None:
        """The active account of whom the proxy names; None where there is none."""
        return next((each for each in self.list() if each.is_active and each.login == login), None)

    def active_ones(self) -> tuple[Worker, ...]:
        """Everybody whose account is open. Asked for with each request, so it is kept until an account changes."""
        with self._lock:
            if self._active is None:
                self._active = tuple(each for each in self.list() if each.is_active)
            return self._active

    def follow(self) -> None:
        """Hear of what other processes do to accounts."""
        self._cas.watch(PREFIX, lambda key, stored: self._changed_outside())

    def _changed_outside(self) -> None:
        with self._lock:
            self._active = None

    def _update(self, worker_id: str, step: Callable[[Worker], Worker]) -> Worker:
        for _ in range(8):
            stored = self._cas.get(PREFIX + worker_id)
            if stored is None:
                return self.get(worker_id)  # raises
            after = step(_worker(worker_id, stored.value))
            try:
                with self._lock:
                    self._check_login(after)
                    self._cas.update(PREFIX + worker_id, _json(after), expected=stored.revision)
                    self._active = None
            except Conflict as lost:
                if lost.errors:
                    raise
                continue
            return after
        raise Conflict(f"The worker {worker_id!r} is being changed by others at this moment; try again.")

    def _check_login(self, worker: Worker) -> None:
        if worker.login is None or not worker.is_active:
            return
        other = self.of_login(worker.login)
        if other is not None and other.id != worker.id:
            fault = FieldError(pointer="/login", detail=f"is already that of {other.name}")
            raise Conflict(f"The login {worker.login!r} {fault.detail}.", errors=(fault,))

    def _changed(self, worker: Worker, changes: Mapping[str, object]) -> Worker:
        rules.check_changes(changes, _RULES, what="worker")
        sent = dict(changes)
        if "name" in sent:
            sent["name"] = str(sent["name"]).strip()
        if "role" in sent:
            sent["role"] = Role(str(sent["role"]))
        if "skills" in sent:
            sent["skills"] = words_of(_strings(sent["skills"]))
        if "languages" in sent:
            sent["languages"] = frozenset(filter(None, map(language_of, _strings(sent["languages"]))))
        if "login" in sent:
            sent["login"] = str(sent["login"] or "").strip() or None
        try:
            return replace(worker, **sent)  # type: ignore[arg-type]  # checked against the rules above
        except ValueError as wrong:
            raise _wrong(f"/{str(wrong).split(' ', 1)[0]}", str(wrong)) from None


def _strings(value: object) -> Sequence[str]:
    assert isinstance(value, list | tuple)
    return [str(each) for each in value]


def _new_id(name: str) -> str:
    """The name as far as ASCII goes, so that a log can be read, and something that nobody else has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24] or "worker"
    return f"{slug}-{secrets.token_hex(4)}"


def _wrong(pointer: str, detail: str) -> Invalid:
    fault = FieldError(pointer=pointer, detail=detail)
    return Invalid(f"The worker was not changed: {pointer} {detail}.", errors=(fault,))


def _json(worker: Worker) -> dict[str, object]:
    return {
        "name": worker.name,
        "role": str(worker.role),
        "skills": sorted(worker.skills),
        "languages": sorted(worker.languages),
        "login": worker.login,
        "created_at": None if worker.created_at is None else rfc3339(worker.created_at),
        "left_at": None if worker.left_at is None else rfc3339(worker.left_at),
    }


def _worker(worker_id: str, stored: Mapping[str, object]) -> Worker:
    created_at, left_at = stored.get("created_at"), stored.get("left_at")
    return Worker(
        id=worker_id,
        name=str(stored["name"]),
        role=Role(str(stored["role"])),
        skills=frozenset(_strings(stored.get("skills") or [])),
        languages=frozenset(_strings(stored.get("languages") or [])),
        login=None if stored.get("login") is None else str(stored["login"]),
        created_at=None if created_at is None else parse_rfc3339(str(created_at)),
        left_at=None if left_at is None else parse_rfc3339(str(left_at)),
    )
