"""A vector file against a dictionary: whatever is added, kept, torn and opened again, it holds what it should."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.store.vectors import VectorFile, VectorFiles, text_key

DIM = 3
KEYS = ["a", "b", "c", "ä", "\ud800", ""]
ROW_BYTES = 16 + 2 * DIM + 4
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.sampled_from(KEYS), max_size=4)),
        st.tuples(st.just("retain"), st.lists(st.sampled_from(KEYS), max_size=6)),
        st.tuples(st.just("reopen"), st.just([])),
        st.tuples(st.just("tear"), st.just([])),
    ),
    max_size=12,
)


def row(n: int) -> np.ndarray:
    made = np.array([1.0, n % 7, n % 5], np.float32)
    return np.asarray(made / np.linalg.norm(made), np.float32)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(STEPS)
def test_it_is_a_dictionary_that_forgets_only_what_was_torn_off(steps: list[tuple[str, list[str]]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "deep" / "v"
        file, log, n = VectorFile(path, DIM), list[tuple[str, np.ndarray]](), 0
        for step, keys in steps:
            if step == "add":
                rows = [row(n + i) for i in range(len(keys))]
                n += len(keys)
                file.add(keys, np.array(rows, np.float32).reshape(-1, DIM))
                log.extend(zip(keys, rows, strict=True))
            elif step == "retain":
                file.retain(keys)
                log = [(key, each) for key, each in log if key in keys]
            elif step == "tear" and log and path.stat().st_size % ROW_BYTES == 0:
                path.write_bytes(path.read_bytes()[:-1])
                log.pop()
            else:
                file = VectorFile(path, DIM)
        expected = dict(log)
        found = file.get(KEYS)
        assert set(found) == set(expected)
        for key, each in found.items():
            np.testing.assert_allclose(each, expected[key], atol=2e-3)


@pytest.mark.parametrize("kept", [["a"], []])
def test_a_torn_end_leaves_no_byte_of_what_is_forgotten(tmp_path: Path, kept: list[str]) -> None:
    file = VectorFile(tmp_path / "v", DIM)
    file.add(["a", "b"], np.array([row(1), row(2)]))
    whole = (tmp_path / "v").read_bytes()
    (tmp_path / "v").write_bytes(whole[:-1])  # all of b but a byte of its check
    file.retain(kept)
    assert (tmp_path / "v").read_bytes() == whole[: ROW_BYTES * len(kept)]


def test_adding_nothing_makes_no_file(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", DIM)
    file.add([], np.zeros((0, DIM), np.float32))
    file.retain(["a"])
    assert not (tmp_path / "v").exists()


def test_a_row_takes_the_bytes_of_its_key_its_vector_and_its_check(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", DIM)
    file.add(["a", "b"], np.array([row(1), row(2)]))
    assert (tmp_path / "v").stat().st_size == 2 * ROW_BYTES


def test_keeping_all_leaves_the_file_as_it_is_and_no_part_of_another(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", DIM)
    file.add(["a", "b"], np.array([row(1), row(2)]))
    before = (tmp_path / "v").stat().st_ino
    file.retain(["b", "a", "c"])
    assert (tmp_path / "v").stat().st_ino == before
    file.retain(["b"])
    assert [each.name for each in tmp_path.iterdir()] == ["v"]


def test_a_vector_of_nothing_is_handed_out_as_nothing(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", DIM)
    file.add(["a"], np.zeros((1, DIM), np.float32))
    assert file.get(["a"])["a"].tolist() == [0.0] * DIM


def test_asked_twice_in_one_breath_a_key_is_found_once(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "v", DIM)
    file.add(["a"], row(1)[None])
    assert list(file.get(["a", "a", "b"])) == ["a"]
    assert file.get([]) == {}


def test_surfaces_and_encoders_have_files_of_their_own(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path)
    names = [(surface, encoder) for surface in ("s", "../t", "s/e") for encoder in ("e", "e/../f")]
    paths = {files.path(*name) for name in names}
    assert len(paths) == len(names)
    assert all(path.resolve().is_relative_to(tmp_path.resolve()) for path in paths), "whatever a surface is called"
    assert files.of("s", "e", DIM) is files.of("s", "e", DIM)


@pytest.mark.parametrize("text", ["hello", "", "ä", "\ud800"])
def test_a_text_has_one_key(text: str) -> None:
    assert text_key(text) == text_key(text)
    assert text_key(text) != text_key(text + " ")
