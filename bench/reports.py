"""What does a page of a report cost over a large log?

A snapshot of N impressions made by SQL: three options each, seen and taken as people do, one in twenty escalated and
answered, three bundles, two context fields; the names of impressions and contexts are as long as real ones. Every page
is measured four ways, on one thread as the server does it: `derive` is the first page after a snapshot (the log is
derived), `lens` the first page of a time or a group nobody looked at yet, `cold` a page whose time is derived already,
and `draw` its HTML. `refresh` is what the next snapshot, with a thousand more requests, costs once its rows are copied,
and `gauges` what /metrics counts of a week. Each size has a process of its own, whose largest memory is told.

Seconds are of processor time: others may work on the machine, and a report has one thread.

    python -m bench.reports [--impressions 10000 1000000 10000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import duckdb

import analytics
from analytics.lens import Lens
from analytics.pages.registry import PAGES
from analytics.period import Period
from analytics.render import render
from analytics.report import report
from analytics.summary import summary
from bench.machine import described
from suggest.store.database import create_file
from suggest.store.embedded import FILE_NAME
from suggest.store.queries import statements

RESULTS = Path(__file__).parent / "results" / "reports.json"
END = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 120
GOAL_S = 0.3

FILL = """
create temp table drawn as
select n, epoch_ms(epoch_ms(timestamp '2026-06-01') - cast($span_ms * (1 - n / $n) as bigint)) as moment,
       (hash(n) % 1000) / 1000 as luck, (hash(n * 7 + 1) % 1000) / 1000 as p, hash(n * 13) % 77 as item,
       '019b76da-a800-7000-8000-' || lpad(n::varchar, 12, '0') as name
  from range($n) as numbers(n);
insert into slates by name
select n as sequence, name as id, 'support' as surface, moment as "at",
       json_object('text', 'question ' || (n % ($n // 3)), 'fields',
                   json_object('language', ['en', 'de', 'fr'][1 + n % 3], 'variant', ['a', 'b'][1 + n % 2])) as context,
       md5((n % ($n // 3))::varchar) as context_key, 'e' as encoder,
       json_array(json_object('id', 'o' || item, 'text', 'Answer ' || item, 'position', 0, 'p_select', p * .7,
                              'propensity', 1),
                  json_object('id', 'o' || ((item + 1) % 77), 'text', 'Answer two', 'position', 1, 'p_select', p * .2,
                              'propensity', 1),
                  json_object('id', 'o' || ((item + 2) % 77), 'text', 'Answer three', 'position', 2, 'p_select', p * .1,
                              'propensity', 1)) as shown,
       3 as k, case when p < .05 then 'escalate' else 'show' end as decision, p as p_any, p * .6 as p_accept,
       .05 as threshold, 'assist' as mode, 'b-' || (n * 3 // $n) as bundle
  from drawn;
insert into events by name
select $n + 2 * n as sequence, 'v' || n as eid, name as impression, 'support' as surface,
       'view' as type, 3000 as visible_ms, moment + interval 2 second as received_at, true as trusted
  from drawn where luck < .9;
insert into events by name
select $n + 2 * n + 1 as sequence, 's' || n as eid, name as impression,
       'support' as surface, case when luck < p * .7 then 'select' else 'dismiss' end as type,
       case when luck < p * .7 then 'o' || item end as item, case when luck < p * .7 then 0 end as position,
       moment + interval 5 second as received_at, true as trusted
  from drawn where luck < p * .7 or luck < .2;
insert into reviews by name
select 4 * $n + n as sequence, 'r' || n as id, 'support' as surface, name as impression,
       case when p < .05 then 'escalated' else 'audit' end as reason, moment as "at", 1 - p as priority
  from drawn where p < .05 or luck > .98;
insert into verdicts by name
select 5 * $n + n as sequence, 'd' || n as eid, 'r' || n as review, 'support' as surface,
       name as impression, 'w' || (n % 5) as worker,
       case when hash(n * 3) % 10 < 9 then 'o' || item end as item, hash(n * 3) % 10 = 9 as none, 20000 as handling_ms,
       moment + interval 60 second as "at"
  from drawn where p < .05 or luck > .98;
insert into bundles by name
select 6 * $n + b as sequence, 'b-' || b as id, 'support' as surface,
       timestamp '2026-02-01' + to_days((b * 40)::int) as "at", 'promoted' as state,
       json_object('data', json_object('labels', 300 * (b + 1))) as manifest,
       json_object('challenger', json_object('top1', .7 + .02 * b, 'top3', .9 + .01 * b, 'answerable', 400)) as gate
  from range(4) as bundles(b);
"""


MORE = """
insert into slates
select * replace (sequence + 10 * $n as sequence, id || '+' as id, "at" + interval 1 hour as "at")
  from slates where sequence >= $n - 1000;
insert into events
select * replace (sequence + 10 * $n as sequence, eid || '+' as eid, impression || '+' as impression,
                  received_at + interval 1 hour as received_at)
  from events where impression || '+' in (select id from slates where sequence > 10 * $n);
insert into meta values ('as_of', '2026-06-01 01:00:00');
"""


def filled(file: Path, n: int) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("set memory_limit = '6GB'")
        connection.execute(statements("schema.sql"))
        connection.execute(statements("views.sql"))
        run(connection, FILL, n)
        connection.execute("insert into meta values ('as_of', '2026-06-01 00:00:00')")


def filled_store(data: Path, n: int) -> None:
    """The same as the log of a server that is stopped."""
    data.mkdir(parents=True)
    create_file(data / FILE_NAME, {})
    with duckdb.connect(str(data / FILE_NAME)) as connection:
        run(connection, FILL, n)


def grown(file: Path, n: int) -> None:
    with duckdb.connect(str(file)) as connection:
        run(connection, MORE, n)


def run(connection: duckdb.DuckDBPyConnection, script: str, n: int) -> None:
    for statement in script.split(";"):
        if statement.strip():
            names = {"n": n, "span_ms": DAYS * 86_400_000}
            used = {name: value for name, value in names.items() if f"${name}" in statement}
            connection.execute(statement, used)


def measured(file: Path, n: int, rounds: int) -> dict[str, object]:
    kept = file.with_name("derived")  # a file, as the server has it
    with analytics.open(file, kept=kept) as opened:
        derive_s = seconds_of(opened.prepare)
        lens_s, pages = [], {}
        for round_ in range(rounds):
            since = END - timedelta(days=30 + round_)
            for lens in (Lens(), Lens(field="language", value="de")):
                ask = partial(report, opened, "support", since, END, now=END, page="funnel", lens=lens)
                lens_s.append(seconds_of(ask))
        for page in PAGES:
            view = report(opened, "support", now=END, page=page.name)  # the time is in focus
            ask = partial(report, opened, "support", now=END, page=page.name)
            costs = [seconds_of(ask) for _ in range(rounds)]
            draws = [seconds_of(partial(render, view)) for _ in range(rounds)]
            pages[page.name] = {
                "cold_s": round(statistics.median(costs), 3),
                "draw_s": round(statistics.median(draws), 3),
            }
            print(f"{n:>11,}  {page.name:<12} {pages[page.name]}", flush=True)
        week = Period(from_=END - timedelta(days=7), to=END)
        gauges_s = seconds_of(partial(summary, opened, "support", week))
    grown(file, n)
    with analytics.open(file, kept=kept) as opened:
        refresh_s = seconds_of(opened.prepare)
    return {
        "impressions": n,
        "file_mb": round(file.stat().st_size / 2**20),
        "derived_mb": round(kept.stat().st_size / 2**20),
        "derive_s": round(derive_s, 2),
        "refresh_s": round(refresh_s, 2),
        "gauges_s": round(gauges_s, 3),
        "lens_s_median": round(statistics.median(lens_s), 3),
        "page_s_median": round(statistics.median(p["cold_s"] + p["draw_s"] for p in pages.values()), 3),
        "page_s_worst": round(max(p["cold_s"] + p["draw_s"] for p in pages.values()), 3),
        "pages": pages,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def seconds_of(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--impressions", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    runs = []
    for n in asked.impressions:
        with (
            tempfile.TemporaryDirectory() as folder,
            ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as apart,
        ):
            file = Path(folder) / "log.duckdb"
            apart.submit(filled, file, n).result()
            runs.append(apart.submit(measured, file, n, asked.rounds).result())
        asked.out.write_text(json.dumps({"goal_s": GOAL_S, "machine": described(), "runs": runs}, indent=1) + "\n")
        print({name: value for name, value in runs[-1].items() if name != "pages"}, flush=True)


if __name__ == "__main__":
    main()
