"""test_grouping.py - siftd sift --assign over the logs that generate.py writes, against their templates

floors.tsv has a line for every system: name, least grouping accuracy, least F1 of groups.
Grouping accuracy: lines in groups that are exactly the lines of a statement, of all lines.
"""
import collections
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import generate

TOP = Path(__file__).resolve().parent
BINARY = os.environ.get("SIFTD_BINARY", str(TOP.parents[1] / "build/release/siftd"))
FLOORS = {name: (float(accuracy), float(f1)) for name, accuracy, f1 in
          (line.split() for line in (TOP / "floors.tsv").read_text().splitlines())}


def assign(lines, path):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    done = subprocess.run([BINARY, "sift", "--assign", "--quiet", str(path)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    rows = (row.split("\t") for row in done.stdout.decode("utf-8", "replace").splitlines())
    return {int(row[0]): row[1] for row in rows}


def score(truths, groups):
    """Accuracy and F1; a line without a group is a group of its own, and wrong."""
    wanted, found = collections.defaultdict(set), collections.defaultdict(set)
    for number, truth in enumerate(truths, 1):
        wanted[truth].add(number)
        found[groups.get(number, -number)].add(number)
    exact = [lines for lines in wanted.values() if found[groups.get(min(lines))] == lines]
    found.pop(None, None)
    return sum(map(len, exact)) / len(truths), 2 * len(exact) / (len(wanted) + len(found))


def test_scores():
    assert score("aabb", {1: "x", 2: "x", 3: "y", 4: "y"}) == (1, 1)
    assert score("aabb", {1: "x", 2: "x", 3: "y", 4: "z"}) == (0.5, 0.4)
    assert score("aabb", {1: "x", 2: "x", 3: "x", 4: "x"}) == (0, 0)
    assert score("ab", {1: "x"}) == (0.5, 0.5)


def test_every_system_has_a_floor():
    assert sorted(FLOORS) == generate.names()


def run(name, folder):
    rows = list(generate.lines(name))
    return score([row[0] for row in rows], assign([row[3] for row in rows], folder / name))


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Of all systems, worked out side by side."""
    folder = tmp_path_factory.mktemp("logs")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(run, name, folder) for name in generate.names()}


@pytest.mark.parametrize("name", generate.names())
def test_system(name, scores):
    accuracy, f1 = scores[name].result()
    assert accuracy >= FLOORS[name][0] and f1 >= FLOORS[name][1], (accuracy, f1)
