"""Vectors beside the log: what is asked again is there, what is torn is made anew, what is erased is gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from store.builders import a_label
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import label_record
from suggest.store.vectors import VectorFile, VectorFiles, text_key

DIM = 6


def rows(*seeds: int) -> np.ndarray:
    made = np.stack([np.random.default_rng(seed).normal(size=DIM) for seed in seeds]).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.fixture
def file(tmp_path: Path) -> VectorFile:
    return VectorFile(tmp_path / "some" / "a.vectors", DIM)


def test_what_was_added_is_there_and_the_rest_is_not(file: VectorFile, tmp_path: Path) -> None:
    assert file.get(["a"]) == {}
    file.add(["a", "b"], rows(1, 2))
    file.add(["c"], rows(3))
    found = VectorFile(tmp_path / "some" / "a.vectors", DIM).get(["c", "a", "zzz"])
    assert set(found) == {"a", "c"}
    np.testing.assert_allclose(found["a"], rows(1)[0], atol=1e-3)
    assert float(np.linalg.norm(found["c"])) == pytest.approx(1, abs=1e-6)


def test_of_a_key_that_is_added_again_the_last_counts(file: VectorFile) -> None:
    file.add(["a"], rows(1))
    file.add(["a"], rows(2))
    np.testing.assert_allclose(file.get(["a"])["a"], rows(2)[0], atol=1e-3)


@pytest.mark.parametrize("cut", [1, 5, 17, 27])
def test_a_torn_end_is_dropped_and_the_next_row_stands_where_it_should(
    file: VectorFile, tmp_path: Path, cut: int
) -> None:
    file.add(["a", "b"], rows(1, 2))
    path = tmp_path / "some" / "a.vectors"
    path.write_bytes(path.read_bytes()[:-cut])
    assert set(file.get(["a", "b"])) == {"a"}
    file.add(["c"], rows(3))
    assert set(file.get(["a", "b", "c"])) == {"a", "c"}


def test_a_row_whose_bytes_changed_is_not_believed(file: VectorFile, tmp_path: Path) -> None:
    file.add(["a", "b", "c"], rows(1, 2, 3))
    path = tmp_path / "some" / "a.vectors"
    content = bytearray(path.read_bytes())
    content[len(content) // 3 + 20] ^= 1  # in the second row
    path.write_bytes(bytes(content))
    assert set(file.get(["a", "b", "c"])) == {"a"}


def test_what_is_not_retained_leaves_no_byte(file: VectorFile, tmp_path: Path) -> None:
    file.add(["a", "b"], rows(1, 2))
    before = (tmp_path / "some" / "a.vectors").read_bytes()
    of_b = before[len(before) // 2 :]
    file.retain(["a", "other"])
    assert of_b not in (tmp_path / "some" / "a.vectors").read_bytes()
    assert set(file.get(["a", "b"])) == {"a"}


def test_pruning_keeps_what_the_log_holds(store: EmbeddedStore, tmp_path: Path) -> None:
    label = a_label("l1")
    store.append([label_record(label)])
    files = VectorFiles(tmp_path / "vectors")
    held = files.of(label.surface, "e1", DIM)
    held.add([label.context.key, "gone", text_key("no candidate")], rows(1, 2, 3))
    files.of("elsewhere", "e1", DIM).add(["gone"], rows(2))
    never_opened = files.path(label.surface, "e2")
    never_opened.write_bytes(b"left by an earlier start")
    files.prune(store, label.surface)
    assert set(held.get([label.context.key, "gone", text_key("no candidate")])) == {label.context.key}
    assert not never_opened.exists()
    assert set(files.of("elsewhere", "e1", DIM).get(["gone"])) == {"gone"}


def test_a_surface_that_is_dropped_has_none(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path / "vectors")
    file = files.of("s", "e1", DIM)
    file.add(["a"], rows(1))
    files.drop("s")
    assert file.get(["a"]) == {}
    file.add(["b"], rows(2))
    assert set(file.get(["a", "b"])) == {"b"}
