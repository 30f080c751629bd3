"""Every error a caller can meet, as RFC 9457 `application/problem+json`, in one shape and from one table.

The domain's errors carry a slug and no HTTP status; this file gives them one. Each slug is documented under
`/problems/{slug}`, which is also the `type` of the problem."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from suggest.domain import errors
from suggest.domain.errors import FieldError, SuggestError

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """One documented kind of problem: its slug never changes once it is published."""

    slug: str
    status: int
    title: str
    advice: str  # what to do about it, in a sentence a developer can act on


def _of(error: type[SuggestError], status: int, advice: str) -> ProblemKind:
    return ProblemKind(slug=error.slug, status=status, title=error.title, advice=advice)


_KINDS = (
    _of(
        errors.Invalid, 422, "Read `errors`: each entry points at one field of the request and says what would mend it."
    ),
    _of(errors.NotFound, 404, "Check the id or name in the path; lists of what exists are one GET away."),
    _of(errors.UnknownSurface, 404, "Create it with PUT /v1/surfaces/{name}, or check the spelling."),
    _of(errors.Unauthorized, 401, "Send `Authorization: Bearer sk_…` (or `?key=pk_…` from a browser)."),
    _of(errors.Forbidden, 403, "Use a key of the kind the call asks for; the table in /docs names it."),
    _of(errors.TokenInvalid, 403, "Send the `token` that came with this impression, unchanged."),
    _of(
        errors.UserTokenInvalid,
        403,
        "Sign `sub` and `exp` with a live user key (uk_…), HS256; `detail` says what is wrong.",
    ),
    _of(errors.TokenExpired, 403, "Tokens last 24 hours; ask for a new slate and report on that."),
    _of(errors.Conflict, 409, "Read the current state and decide again."),
    _of(
        errors.NotCertified,
        409,
        "Add the labels that `errors` counts, or let people review in shadow or assist until it can be certified.",
    ),
    _of(errors.LeaseExpired, 409, "Claim the review again; the next lease is a new one."),
    _of(errors.LeaseLost, 409, "Drop it: someone else holds or has answered this review. Claim the next one."),
    _of(errors.TooLarge, 413, "Send less in one request; the limits stand beside each call in /docs."),
    _of(errors.TooManyRequests, 429, "Wait as long as Retry-After says; a secret key is not limited."),
    _of(errors.Overloaded, 503, "Nothing was taken. Try again after Retry-After seconds."),
    _of(errors.StorageUnavailable, 503, "Nothing was written. See /readyz for what is wrong, then try again."),
    _of(errors.ReportUnavailable, 503, "Ask again after Retry-After seconds: what draws reports is started anew."),
    ProblemKind(
        slug="starting",
        status=503,
        title="The service is starting",
        advice="Nothing was taken. Try again after Retry-After seconds; /readyz says what it waits for.",
    ),
    ProblemKind(
        slug="malformed-json",
        status=400,
        title="The body is not JSON we can read",
        advice="Send UTF-8 JSON: no NaN or Infinity, no lone surrogates, at most 100 levels deep.",
    ),
    ProblemKind(
        slug="bad-request",
        status=400,
        title="The request cannot be understood",
        advice="Check the path and the query against /docs.",
    ),
    ProblemKind(
        slug="no-such-page",
        status=404,
        title="There is nothing at this address",
        advice="Compare the path with /docs; every call is listed there.",
    ),
    ProblemKind(
        slug="method-not-allowed",
        status=405,
        title="This address does not take that method",
        advice="The Allow header lists the methods it takes.",
    ),
    ProblemKind(
        slug="too-slow",
        status=408,
        title="The body did not arrive in time",
        advice="Send the whole body within ten seconds of the headers.",
    ),
    ProblemKind(
        slug="unsupported-media-type",
        status=415,
        title="The body is of a kind this call does not read",
        advice="Send application/json (text/plain is read as JSON too), uncompressed and in UTF-8.",
    ),
    ProblemKind(
        slug="origin-not-allowed",
        status=403,
        title="This key may not be used from that site",
        advice="Add the origin to the key's list, e.g. https://www.example.com or https://*.example.com.",
    ),
    ProblemKind(
        slug="cross-site-request",
        status=403,
        title="The request did not come from our own page",
        advice="Reload the page and try again from there.",
    ),
    ProblemKind(
        slug="idempotency-key-reused",
        status=422,
        title="This Idempotency-Key belongs to another request",
        advice="Use a fresh key for a new request; repeat a key only with the same body.",
    ),
    ProblemKind(
        slug="idempotency-key-in-flight",
        status=409,
        title="A request with this Idempotency-Key is still running",
        advice="Wait for it, then repeat: the same answer will be given.",
    ),
    ProblemKind(
        slug="http-error",
        status=400,
        title="The request was refused",
        advice="The status and detail say why.",
    ),
    ProblemKind(
        slug="internal-error",
        status=500,
        title="Something went wrong on our side",
        advice="The fault is ours. The X-Request-Id of the answer finds it in the server's log.",
    ),
)
KINDS: Mapping[str, ProblemKind] = {kind.slug: kind for kind in _KINDS}
_STATUS_SLUGS = {
    404: "no-such-page",
    405: "method-not-allowed",
    408: "too-slow",
    413: "too-large",
    415: "unsupported-media-type",
}


class Refused(Exception):
    """A refusal that only HTTP knows: raised by the web layer, presented like every other problem."""

    def __init__(
        self,
        slug: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[slug]
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def kind_of(error: SuggestError) -> ProblemKind:
    """The documented kind of a domain error: its own, or that of the nearest class above it."""
    for ancestor in type(error).__mro__:
        kind = KINDS.get(getattr(ancestor, "slug", ""))
        if kind is not None:
            return kind
    return KINDS["internal-error"]


def problem_body(
    kind: ProblemKind, detail: str, *, errors: Sequence[FieldError] = (), instance: str | None = None
) -> dict[str, object]:
    """The members of a problem. `errors` is present only where single fields are to blame."""
    body: dict[str, object] = {
        "type": TYPE_PREFIX + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }
    if instance is not None:
        body["instance"] = instance
    if errors:
        body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in errors]
    return body


def error_body(error: SuggestError, *, instance: str | None = None) -> dict[str, object]:
    """A domain error as a problem; a subclass keeps its own slug and title where they are documented."""
    kind = kind_of(error)
    detail = error.detail if kind.slug != "internal-error" else kind.advice
    return problem_body(kind, detail, errors=error.errors, instance=instance)


def problem_response(body: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> Response:
    """The body under its own status. 401 says how to authenticate, 429 and 503 when to come back."""
    status = body["status"]
    if not isinstance(status, int):
        raise TypeError("a problem has a numeric status")
    extra = dict(headers or {})
    if status == 401:
        extra.setdefault("WWW-Authenticate", 'Bearer realm="suggest"')
    if status in {429, 503}:
        extra.setdefault("Retry-After", "1")
    extra.setdefault("Cache-Control", "no-store")
    content = json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()
    return Response(content, status_code=status, headers=extra, media_type=CONTENT_TYPE)


def http_body(status: int, detail: str, *, instance: str | None = None) -> dict[str, object]:
    """A refusal of the framework (404, 405, …) in our shape."""
    slug = _STATUS_SLUGS.get(status, "internal-error" if status >= 500 else "http-error")
    body = problem_body(KINDS[slug], detail, instance=instance)
    body["status"] = status
    return body
