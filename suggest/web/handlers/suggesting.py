"""POST /v1/suggest and its batch: contexts in, slates out."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.errors import SuggestError
from suggest.online.messages import Proposal, Proposed
from suggest.web import heard
from suggest.web.auth import Caller
from suggest.web.body import parse, refusal
from suggest.web.call import call_of, caller_of
from suggest.web.parts import Parts, parts_of
from suggest.web.present import Json, escalation_url, proposed_json, refused_json
from suggest.web.problem import Refused
from suggest.web.schemas.suggesting import BatchIn, SuggestIn
from suggest.web.threads import run_in


async def suggest(request: Request) -> Response:
    asked = await parse(request, SuggestIn, limit=call_of(request).limit)
    caller = caller_of(request)
    caller.check_surface(asked.surface)
    parts = parts_of(request)
    proposal = proposal_of(asked, parts, caller, may_learn=not has_privacy_signal(request))
    proposed = await run_in(parts.lanes.suggest, parts.online.suggest, proposal)
    heard.proposed(request, proposed)
    return Json(_present(parts, proposed))


async def suggest_batch(request: Request) -> Response:
    batch = await parse(request, BatchIn, limit=call_of(request).limit)
    caller = caller_of(request)
    parts = parts_of(request)
    may_learn = not has_privacy_signal(request)
    judged: list[Proposal | Refused | SuggestError] = []
    for index, row in enumerate(batch.requests):
        try:
            asked = SuggestIn.model_validate_json(to_json(row), strict=True)
            caller.check_surface(asked.surface)
            judged.append(proposal_of(asked, parts, caller, may_learn=may_learn))
        except ValidationError as wrong:
            judged.append(refusal(wrong, under=f"/requests/{index}"))
        except (Refused, SuggestError) as refused:
            judged.append(refused)
    proposals = [each for each in judged if isinstance(each, Proposal)]
    proposed = iter(await run_in(parts.lanes.suggest, parts.online.suggest_batch, proposals) if proposals else [])
    results = [next(proposed) if isinstance(each, Proposal) else each for each in judged]
    heard.batch(request, results)
    return Json({"results": [_present_one(parts, result) for result in results]})


def has_privacy_signal(request: Request) -> bool:
    """Whether the person's browser, or whoever passes its request on, sends Global Privacy Control."""
    return request.headers.get("sec-gpc", "").strip() == "1"


def proposal_of(asked: SuggestIn, parts: Parts, caller: Caller, *, may_learn: bool) -> Proposal:
    """Raises UserTokenInvalid: a token that cannot be believed is never passed over in silence."""
    context = asked.context.value()
    if asked.user_token is not None:
        context = replace(context, user=parts.online.verified_user(asked.user_token))
    return Proposal(
        surface=asked.surface,
        context=context,
        is_vouched=caller.is_trusted or asked.user_token is not None,
        k=asked.k,
        candidates=None if asked.candidates is None else tuple(option.value() for option in asked.candidates),
        exclude=frozenset(asked.exclude),
        explain=asked.explain,
        learn=asked.learn and may_learn,
        like=asked.like,
        ask=asked.ask,
    )


def _present_one(parts: Parts, result: Proposed | SuggestError | Refused) -> dict[str, object]:
    return _present(parts, result) if isinstance(result, Proposed) else refused_json(result)


def _present(parts: Parts, proposed: Proposed) -> dict[str, object]:
    parts.meters.decisions[proposed.slate.surface, str(proposed.slate.decision)] += 1
    url = None
    if proposed.escalation is not None:
        url = escalation_url(proposed.escalation.id, proposed.token)
    return proposed_json(proposed, url=url)
