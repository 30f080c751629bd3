"""One-time sign-in links: a person opens an address once and is signed in for half a day.

The code in the address is stored only as a hash, works for a quarter of an hour and is spent by the first who opens it;
the session it buys is a signed statement that needs no storage. One that was ended by signing out is remembered for as
long as it would have lasted, so a copy of its cookie is worth nothing. Where the link is of an account, the session
only names it: what the person may do is looked up each time, so that rights that are taken away are gone at once."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339
from suggest.domain.errors import Conflict, FieldError, Invalid, Unauthorized
from suggest.domain.worker import Role as Role
from suggest.domain.worker import Worker
from suggest.online.signing import Signing, decode64, encode64
from suggest.online.workers import Workers
from suggest.store.ports import Cas, Versioned

PREFIX = "link/"
ENDED = "ended-session/"
LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=12)
_PURPOSE = "session"
_PAGE_PURPOSE = "page"
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    id: str  # names the sitting, so that two people of one name do not share a lease
    role: Role
    name: str
    expires_at: datetime
    account: str | None = None  # id of the worker whose session it is; None: of a link for anybody

    @property
    def is_worker(self) -> bool:
        """May answer, and neither administer nor look at pages that name people."""
        return self.role is Role.WORKER

    @property
    def worker(self) -> str:
        """Who holds the reviews claimed in this session."""
        return self.account or f"{self.name}#{self.id[:6]}"

    def is_of_same_person(self, other: Session) -> bool:
        """Whether the other is of the same account, or without one of the same name and role."""
        if self.account is not None or other.account is not None:
            return self.account == other.account
        return (self.role, self.name) == (other.role, other.name)


class Links:
    def __init__(self, cas: Cas, *, signing: Signing, clock: Clock) -> None:
        self._cas = cas
        self._signing = signing
        self._clock = clock
        self._workers = Workers(cas, clock=clock)

    def create(self, role: Role | str, *, name: str = "", account: str | None = None) -> str:
        """The code of a new link; it is shown now or never. With an account, name and role are the account's."""
        worker = None if account is None else self._workers.active(account)
        role = _role(role) if worker is None else worker.role
        code = secrets.token_urlsafe(24)
        named = name.strip()[:_LONGEST_NAME] or str(role) if worker is None else worker.name
        stored = {
            "role": str(role),
            "name": named,
            "account": account,
            "expires_at": rfc3339(self._clock.now() + LINK_LIFETIME),
        }
        self._cas.update(PREFIX + self._signing.key_hash(code), stored, expected=0)
        return code

    def redeem(self, code: str) -> tuple[Session, str]:
        """Spend a code: the session, and the signed text that proves it. Raises Unauthorized where it is spent."""
        key, found = self._found(code)
        try:
            self._cas.update(key, None, expected=found.revision)
        except Conflict:
            raise Unauthorized("This sign-in link was used a moment ago; ask for a new one.") from None
        session = self._bought(found.value)
        return session, self._sign(session)

    def whose(self, code: str) -> Session:
        """The session that a code would buy, without spending it. Raises Unauthorized where it buys none."""
        return self._bought(self._found(code)[1].value)

    def check(self, text: str) -> Session | None:
        """The session a signed text proves; None where it is not ours or has ended."""
        try:
            body, tag = text.split(".")
            message, given = decode64(body), decode64(tag)
            stored = json.loads(message)
            wanted = self._signing.tag(_PURPOSE, message, kid=str(stored["k"]))
        except (ValueError, KeyError, TypeError, UnicodeError, RecursionError):
            return None
        if wanted is None or not hmac.compare_digest(wanted, given):
            return None
        expires_at = datetime.fromtimestamp(stored["x"], tz=UTC)
        if self._clock.now() >= expires_at or self._cas.get(f"{ENDED}{stored['i']}") is not None:
            return None
        session = Session(
            id=stored["i"], role=Role(stored["r"]), name=stored["n"], expires_at=expires_at, account=stored.get("a")
        )
        with suppress(Unauthorized):
            return self._at_present(session, Unauthorized(""))
        return None

    def end(self, session: Session) -> None:
        """Signed out: this session is none any more, in whatever browser. Twice is once."""
        with suppress(Conflict):
            self._cas.update(ENDED + session.id, {"expires_at": rfc3339(session.expires_at)}, expected=0)

    def of_worker(self, worker: Worker) -> Session:
        """A sitting of somebody whom the proxy in front has signed in; it lasts as long as the proxy says so."""
        never = datetime.max.replace(tzinfo=UTC)
        return Session(id=worker.id, role=worker.role, name=worker.name, expires_at=never, account=worker.id)

    def page_token(self, session: Session) -> str:
        """A word that only our own pages know, for as long as this session lasts."""
        tag = self._signing.tag(_PAGE_PURPOSE, session.id.encode())
        assert tag is not None, "the current key is always live"
        return encode64(tag)

    def sweep(self) -> None:
        """Forget codes that nobody opened in time, and ended sessions that would be over by now."""
        now = self._clock.now()
        for key, found in {**self._cas.keys(PREFIX), **self._cas.keys(ENDED)}.items():
            if now >= parse_rfc3339(str(found.value["expires_at"])):
                with suppress(Conflict):  # opened at this moment
                    self._cas.update(key, None, expected=found.revision)

    def _found(self, code: str) -> tuple[str, Versioned]:
        key = PREFIX + self._signing.key_hash(code)
        found = self._cas.get(key)
        if found is None:
            raise Unauthorized("This sign-in link was used already, or never was one; ask for a new one.")
        return key, found

    def _bought(self, stored: Mapping[str, object]) -> Session:
        if self._clock.now() >= parse_rfc3339(str(stored["expires_at"])):
            raise Unauthorized("This sign-in link is more than 15 minutes old; ask for a new one.")
        session = Session(
            id=secrets.token_hex(8),
            role=Role(str(stored["role"])),
            name=str(stored["name"]),
            expires_at=self._clock.now() + SESSION_LIFETIME,
            account=None if stored.get("account") is None else str(stored["account"]),
        )
        return self._at_present(session, Unauthorized("The account of this link is closed."))

    def _at_present(self, session: Session, closed: Unauthorized) -> Session:
        """The session with the name and the role that its account has now."""
        if session.account is None:
            return session
        worker = self._workers.find(session.account)
        if worker is None or not worker.is_active:
            raise closed
        return replace(session, role=worker.role, name=worker.name)

    def _sign(self, session: Session) -> str:
        stored = {
            "k": self._signing.current.kid,
            "i": session.id,
            "r": str(session.role),
            "n": session.name,
            "x": int(session.expires_at.timestamp()),
        }
        if session.account is not None:
            stored["a"] = session.account
        message = json.dumps(stored, separators=(",", ":")).encode()
        tag = self._signing.tag(_PURPOSE, message)
        assert tag is not None, "the current key is always live"
        return f"{encode64(message)}.{encode64(tag)}"


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise Invalid(
            "A link signs in a worker, a reviewer or an owner.",
            errors=(FieldError(pointer="/role", detail="must be worker, reviewer or owner"),),
        ) from None
