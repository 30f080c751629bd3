"""Which changes of a policy make it less careful: those are an owner's, whoever else may touch it.

To be more careful is always allowed: whoever sees something go wrong must be able to send everything to people at once,
and only the owner can decide that this is over."""

from __future__ import annotations

from dataclasses import fields

from suggest.domain.policy import Mode, Policy, Target

_CARE = {Mode.AUTO: 0, Mode.ASSIST: 1, Mode.SHADOW: 2, Mode.REVIEW_ALL: 3}
_MORE_IS_CAREFUL = frozenset(
    {
        "audit_rate",
        "auto_target",
        "escalation",
        "error_cost",
        "overlap",
        "most_overlap",
        "second_opinion",
        "sign_off",
    }
)


def loosened(before: Policy, after: Policy) -> tuple[str, ...]:
    """The settings by which `after` is less careful than `before`, or that are not about care at all.

    A target of another kind cannot be compared, so it counts as looser.

    >>> strict = Policy(mode=Mode.REVIEW_ALL)
    >>> loosened(strict, Policy()), loosened(Policy(), strict), loosened(Policy(), Policy(audit_rate=0))
    (('mode',), (), ('audit_rate',))
    """
    return tuple(each.name for each in fields(Policy) if _is_looser(each.name, before, after))


def _is_looser(name: str, before: Policy, after: Policy) -> bool:
    old, new = getattr(before, name), getattr(after, name)
    if old == new:
        return False
    if name == "mode":
        return _CARE[new] < _CARE[old]
    if name == "target":
        return _is_looser_target(old, new)
    if name in _MORE_IS_CAREFUL:
        return float(new or 0) < float(old or 0)
    return True


def _is_looser_target(old: Target, new: Target) -> bool:
    return old.kind is not new.kind or new.value < old.value
