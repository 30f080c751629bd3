"""The child's end of a backtest: a table in, one page out. Gives way to the server, and is gone when the demo is."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

from analytics.backtest import Assumed, measure
from analytics.backtest_page import render_page
from suggest.config.backtest import backtest
from suggest.config.settings import Settings
from suggest.demo.backtesting import PAGE, REFUSED, TASK
from suggest.demo.own import answer_id
from suggest.domain.clock import SystemClock
from suggest.domain.context import Context
from suggest.loop.backtest import Ticket, TooLittle, check_enough, split_by_answer
from suggest.loop.manners import behave, tell_progress
from suggest.retrieve.encoder import load_encoder

JUDGED = 0.3  # share of the tickets that is asked, as on the command line


def main(folder: Path) -> int:
    behave()
    warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
    task = json.loads((folder / TASK).read_text(encoding="utf-8"))
    pairs = [(str(message), str(answer)) for message, answer in task["pairs"]]
    tickets = [Ticket(context=Context(text=message), answer=answer_id(answer)) for message, answer in pairs]
    try:
        check_enough(tickets)
    except TooLittle as little:
        (folder / REFUSED).write_text(f"{little} {little.next_step}", encoding="utf-8")
        return 0
    tell_progress(0.0, "loading the encoder")
    settings = Settings.from_env()
    encoder = load_encoder(settings.encoder, cache_dir=settings.encoder_cache, threads=settings.threads)
    answers = {answer_id(answer): answer for _, answer in pairs}
    split = split_by_answer(tickets, judged_share=JUDGED)
    view = measure(
        backtest(tickets, answers, split, encoder, report=tell_progress), name=str(task["name"]), assumed=Assumed()
    )
    (folder / PAGE).write_text(render_page(view, made_at=SystemClock().now()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
