"""The shipped prior: what a surface without outcomes of its own starts from.

Fitted on the training split of CLINC150 (CC BY 3.0), over catalogs of 8 to 120 options with 0 to 30 past contexts each
and a fifth of unanswerable requests, near and far. It is a property of the default encoder's cosines.
`bench/fit_prior.py` fits it again and compares."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from suggest.calibrate.choice import ChoiceModel


@cache
def shipped_prior() -> ChoiceModel:
    return ChoiceModel.from_json(json.loads(files("suggest.calibrate").joinpath("prior.json").read_text()))
