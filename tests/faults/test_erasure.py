"""What was erased is in no file of the data folder, byte by byte, while the server runs and after it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from store.builders import NOON, a_label, a_review, a_row, a_slate, a_verdict, an_embedding, an_event

from suggest.domain.clock import ManualClock
from suggest.domain.context import Context, Turn
from suggest.store import erasure
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite, Table
from suggest.store.records import event_record, label_record, review_record, slate_record, verdict_record

pytestmark = pytest.mark.faults

TEXT = "my-secret-illness-7f3a"
WORDS = [TEXT, "user-key-9c1d", "secret-override-5b2e", "secret-verdict-8e4f", "secret-note-1a6c", "session-3d9b"]
EMBEDDING = an_embedding(99)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[EmbeddedStore]:
    """Two people's stories: that of ann, who will be erased, and that of bob, who stays."""
    with EmbeddedStore.open(tmp_path / "live", clock=clock) as opened:
        context = Context(
            text=f"I have {TEXT}", turns=(Turn(role="user", text=TEXT),), session="session-3d9b", fields={"x": TEXT}
        )
        opened.append(
            [
                slate_record(a_slate("ann1", context=context, embedding=EMBEDDING), user_key="user-key-9c1d"),
                event_record(an_event("ann-e1", "override", impression="ann1", text="secret-override-5b2e")),
                review_record(a_review("ann-r", impression="ann1")),
                verdict_record(
                    a_verdict(
                        "ann-v", review="ann-r", impression="ann1", text="secret-verdict-8e4f", note="secret-note-1a6c"
                    )
                ),
                label_record(a_label("ann-l1", context=context, impression="ann1"), embedding=EMBEDDING),
                label_record(a_label("ann-l2", context=context), user_key="user-key-9c1d", embedding=EMBEDDING),
                slate_record(a_slate("bob1", at=NOON + timedelta(days=9)), user_key="bob"),
                event_record(an_event("bob-e1", impression="bob1", received_at=NOON + timedelta(days=9))),
                label_record(a_label("bob-l1"), user_key="bob"),
                review_record(a_review("bob-r", impression="bob1")),
            ],
            writes=[
                CasWrite("lease/ann-r", {"state": "claimed", "context": TEXT}, 0),
                CasWrite("lease/bob-r", {"state": "waiting"}, 0),
                CasWrite("policy/replies", {"reward_wait_s": 60}, 0),
            ],
        )
        opened.append([], writes=[CasWrite("lease/ann-r", {"state": "answered", "text": "secret-verdict-8e4f"}, 1)])
        yield opened


def hits(folder: Path, *needles: str | bytes) -> dict[str, list[str]]:
    """file -> which of the needles are in it."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            named = [str(n)[:40] for n in needles if (n.encode() if isinstance(n, str) else n) in content]
            if named:
                found[file.name] = named
    return found


def test_the_search_finds_what_is_there(store: EmbeddedStore) -> None:
    """The control: in the write-ahead log and, after a checkpoint, in the file."""
    assert set(hits(store.data_dir, *WORDS, EMBEDDING)) == {"suggest.duckdb.wal"}
    assert len(hits(store.data_dir, *WORDS, EMBEDDING)["suggest.duckdb.wal"]) == len(WORDS) + 1
    store.checkpoint()
    assert "suggest.duckdb" in hits(store.data_dir, *WORDS, EMBEDDING)


def test_deleting_alone_does_not_erase(store: EmbeddedStore) -> None:
    """Why the file is rewritten: if this ever fails, a plain delete has become enough."""
    store.checkpoint()
    connection = store.database.connection
    store.writer.perform(lambda: connection.execute("delete from slates where user_key = 'user-key-9c1d'"))
    store.writer.perform(lambda: connection.execute("delete from labels where starts_with(id, 'ann')"))
    store.checkpoint()
    assert "suggest.duckdb" in hits(store.data_dir, TEXT)


@pytest.mark.parametrize("is_checkpointed", [False, True], ids=["from the log", "from the file"])
def test_an_erased_user_is_in_no_file(store: EmbeddedStore, is_checkpointed: bool) -> None:
    if is_checkpointed:
        store.checkpoint()
    store.snapshot(store.data_dir / "snapshots")
    store.snapshot(store.data_dir / "work" / "run-1")  # as a training run is given one
    store.export(Table.SLATES, "csv", store.data_dir / "exports" / "slates.csv")
    erased = store.erase("user-key-9c1d")
    assert erased.impressions == ("ann1",)
    assert sorted(erased.labels) == ["ann-l1", "ann-l2"]
    assert erased.rows == {"slates": 1, "events": 1, "labels": 2, "reviews": 1, "verdicts": 1}
    assert hits(store.data_dir, *WORDS, EMBEDDING) == {}
    store.append([a_row("later")])
    store.checkpoint()
    assert hits(store.data_dir, *WORDS, EMBEDDING) == {}
    store.close()
    assert hits(store.data_dir, *WORDS, EMBEDDING) == {}


def test_others_stay_as_they_were(store: EmbeddedStore, clock: ManualClock) -> None:
    before = store.read(Table.SLATES)[1]
    store.erase("user-key-9c1d")
    assert store.read(Table.SLATES) == [before]
    assert [stored.record.id for stored in store.read(Table.EVENTS)] == ["bob-e1"]
    assert list(store.keys("lease/")) == ["lease/bob-r"]
    assert store.get("policy/replies") is not None
    assert store.append([a_row("bob-e1", impression="bob1")]).fresh == (False,)
    store.close()
    with EmbeddedStore.open(store.data_dir, clock=clock) as again:
        assert again.read(Table.SLATES) == [before]
        assert list(again.keys("lease/")) == ["lease/bob-r"]


def test_sequences_are_not_given_twice_when_the_last_rows_are_erased(store: EmbeddedStore, clock: ManualClock) -> None:
    store.append([slate_record(a_slate("ann2"), user_key="user-key-9c1d")])
    last = store.read(Table.SLATES)[-1].sequence
    store.erase("user-key-9c1d")
    store.close()
    with EmbeddedStore.open(store.data_dir, clock=clock) as again:
        again.append([a_row("next")])
        assert again.read(Table.EVENTS)[-1].sequence > last


def test_an_erased_label_may_be_given_again(store: EmbeddedStore) -> None:
    store.erase("user-key-9c1d")
    assert store.append([label_record(a_label("ann-l2"))]).fresh == (True,)


def test_a_user_nobody_knows_changes_nothing(store: EmbeddedStore) -> None:
    inode = (store.data_dir / "suggest.duckdb").stat().st_ino
    assert store.erase("nobody").is_nothing
    assert (store.data_dir / "suggest.duckdb").stat().st_ino == inode


def test_writing_goes_on_through_an_erasure(store: EmbeddedStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(store.append, [a_row(f"w{n}")]) for n in range(200)]
        store.erase("user-key-9c1d")
        sent += [pool.submit(store.append, [a_row(f"w{n}")]) for n in range(200, 250)]
        assert all(one.result().fresh == (True,) for one in sent)
    kept = {stored.record.id for stored in store.read(Table.EVENTS)}
    assert kept == {"bob-e1", *(f"w{n}" for n in range(250))}
    assert hits(store.data_dir, *WORDS, EMBEDDING) == {}


def test_what_comes_in_during_an_erasure_is_erased_too(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between copying and swapping the user asks again, and somebody else does."""
    real = erasure.attached
    times: list[int] = []

    @contextmanager
    def then_more_comes(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[str]:
        with real(connection, file) as catalog:
            yield catalog
        times.append(1)
        if len(times) == 1:
            late = [
                slate_record(a_slate("ann2", context=Context(text=TEXT)), user_key="user-key-9c1d"),
                event_record(an_event("ann-e2", "override", impression="ann2", text="secret-override-5b2e")),
                event_record(an_event("ann-e3", "override", impression="ann1", text="secret-override-5b2e")),
                review_record(a_review("ann-r2", impression="ann2")),
                a_row("bob-e2", impression="bob1"),
            ]
            store.append(late, writes=[CasWrite("lease/ann-r2", {"text": TEXT}, 0), CasWrite("late", {"n": 1}, 0)])

    monkeypatch.setattr(erasure, "attached", then_more_comes)
    erased = store.erase("user-key-9c1d")
    assert len(times) == 2
    assert erased.impressions == ("ann1", "ann2")
    assert erased.rows["events"] == 3
    assert hits(store.data_dir, *WORDS, EMBEDDING) == {}
    assert [stored.record.id for stored in store.read(Table.EVENTS)] == ["bob-e1", "bob-e2"]
    assert list(store.keys("l")) == ["late", "lease/bob-r"]


def test_a_copy_that_a_crash_left_half_made_is_gone_at_the_next_start(store: EmbeddedStore, clock: ManualClock) -> None:
    store.close()
    (store.database.work / "rewrite-1.duckdb").write_text(TEXT)
    (store.database.work / "spill").mkdir()
    (store.database.work / "spill" / "block").write_text(TEXT)
    with EmbeddedStore.open(store.data_dir, clock=clock) as again:
        again.erase("user-key-9c1d")
        assert hits(store.data_dir, *WORDS, EMBEDDING) == {}


def test_what_is_older_than_the_surface_keeps_is_in_no_file(store: EmbeddedStore, clock: ManualClock) -> None:
    clock.advance(seconds=timedelta(days=10).total_seconds())
    assert store.retain({"other": 1, "replies": 30}).is_nothing
    erased = store.retain({"replies": 5})
    assert erased.impressions == ("ann1",)
    assert erased.labels == ("ann-l1",)  # the other was given by itself, and is not of an impression
    assert "bob1" in {stored.record.id for stored in store.read(Table.SLATES)}
    gone = ["secret-override-5b2e", "secret-verdict-8e4f", "session-3d9b"]
    assert hits(store.data_dir, *gone) == {}


def test_an_event_that_came_after_its_slate_was_erased_goes_when_it_is_old(
    store: EmbeddedStore, clock: ManualClock
) -> None:
    store.erase("user-key-9c1d")
    store.append([a_row("stray", impression="ann1", received_at=NOON)])
    clock.advance(seconds=timedelta(days=6).total_seconds())
    assert store.retain({"replies": 5}).rows["events"] == 1
    assert [stored.record.id for stored in store.read(Table.EVENTS)] == ["bob-e1"]


def test_redacting_a_surface_later_reaches_what_was_stored_before(store: EmbeddedStore) -> None:
    mail = "carla.smith@example.org"
    store.append(
        [
            slate_record(a_slate("c1", context=Context(text=f"I am {mail}"))),
            slate_record(a_slate("c2", surface="other", context=Context(text="I am dora@example.org"))),
            label_record(a_label("c-l", context=Context(text=f"{mail} again"))),
            event_record(an_event("c-e", "override", impression="c1", text=f"write to {mail}")),
        ]
    )
    assert hits(store.data_dir, mail)
    assert store.redact("replies") == 3
    assert hits(store.data_dir, mail) == {}
    assert hits(store.data_dir, "dora@example.org")
    texts = {stored.record.id: stored.record.values["context"] for stored in store.read(Table.SLATES)}
    assert texts["c1"] == {"text": "I am <mail>", "turns": [], "fields": {}}
    assert len(texts) == 4
    assert store.redact("replies") == 0
