"""What can go wrong, in words a caller can act on. Each error has a stable slug and no HTTP status."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One wrong field: a JSON pointer into the request and what would mend it."""

    pointer: str  # RFC 6901, e.g. "/context/text"
    detail: str


class SuggestError(Exception):
    """Base of every error that a caller may see."""

    slug = "error"
    title = "Something went wrong"

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class Invalid(SuggestError):
    """The request is well-formed but cannot be meant."""

    slug = "invalid-request"
    title = "The request is not valid"


class NotFound(SuggestError):
    slug = "not-found"
    title = "There is no such thing"


class UnknownSurface(NotFound):
    slug = "unknown-surface"
    title = "There is no such surface"


class Unauthorized(SuggestError):
    slug = "unauthorized"
    title = "A key is needed"


class Forbidden(SuggestError):
    slug = "forbidden"
    title = "This key may not do that"


class UserTokenInvalid(Forbidden):
    """The user token is not one that this service can believe."""

    slug = "user-token-invalid"
    title = "The user token cannot be believed"


class TokenInvalid(Forbidden):
    slug = "token-invalid"
    title = "The impression token does not fit"


class TokenExpired(Forbidden):
    slug = "token-expired"
    title = "The impression token has expired"


class Conflict(SuggestError):
    slug = "conflict"
    title = "The state has moved on"


class NotCertified(Conflict):
    """What was asked for needs a certified bound, and there is none yet."""

    slug = "not-certified"
    title = "The labels cannot certify this yet"


class LeaseExpired(Conflict):
    """The lease ran out before the verdict arrived; claim the review again."""

    slug = "lease-expired"
    title = "The lease has expired"


class LeaseLost(Conflict):
    """The review has passed to someone else, or was answered already."""

    slug = "lease-lost"
    title = "The review is no longer yours"


class TooLarge(SuggestError):
    slug = "too-large"
    title = "The request is too large"


class TooManyRequests(SuggestError):
    slug = "too-many-requests"
    title = "Too many requests"


class Overloaded(SuggestError):
    """The queue is full: nothing was taken, try again shortly."""

    slug = "overloaded"
    title = "The service is at its limit"


class StorageUnavailable(SuggestError):
    slug = "storage-unavailable"
    title = "The log cannot take a write"


class ReportUnavailable(StorageUnavailable):
    """Whoever draws reports has ended; the next who asks starts it again."""

    slug = "report-unavailable"
    title = "The report cannot be drawn right now"
