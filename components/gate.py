"""The report of a gate for reading: two models side by side, instead of one below the other."""

from __future__ import annotations

from collections.abc import Mapping


def gate_lines(gate: Mapping[str, object]) -> Mapping[str, object]:
    """Champion and challenger side by side, a line a measure; the rest as it is.

    >>> gate_lines({"champion": {"nll": 0.6}, "challenger": {"nll": 0.5}, "why": "better"})["measures"]
    [{'measure': 'nll', 'champion': 0.6, 'challenger': 0.5}]
    """
    champion, challenger = gate.get("champion"), gate.get("challenger")
    if not isinstance(champion, dict) or not isinstance(challenger, dict):
        return gate
    names = list(dict.fromkeys((*challenger, *champion)))
    rest = {name: value for name, value in gate.items() if name not in ("champion", "challenger")}
    measures = [{"measure": n, "champion": champion.get(n), "challenger": challenger.get(n)} for n in names]
    told: dict[str, object] = {name: rest.pop(name) for name in ("verdict", "why", "n_pairs") if name in rest}
    if measures:
        told["measures"] = measures
    return told | rest
