"""test_corpus.py - siftd sift --records over logs of many systems, against what each record is

corpus/NAME.log is the log; corpus/NAME.jsonl has one object for every record in it, with
the line where it begins and any of: ts, level, service, host, message, attributes (those
named), group. null is "none". Records whose group label is equal must share a group, others
must not. A ts that begins with YYYY is of a log that writes no year: the latest one that
does not lie more than a day ahead."""
import datetime
import json
import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent
BINARY = os.environ.get("SIFTD_BINARY", str(TOP.parent / "build/release/siftd"))
NAMES = sorted(path.stem for path in (TOP / "corpus").glob("*.jsonl"))
RULE = """id: one
title: One word
description: A rule for the sake of having one.
severity: LOW
confidence: 0.5
match:
  message:
    words: [unheard-of]
"""
FIELDS = ["ts", "level", "service", "host", "message"]


def with_year(text):
    now = datetime.datetime.now(datetime.timezone.utc)
    limit = now + datetime.timedelta(days=1)
    for year in range(now.year + 1, now.year - 9, -1):
        stamp = text.replace("YYYY", str(year))
        try:
            if datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")) <= limit:
                return stamp
        except ValueError:
            continue  # 29 February
    raise ValueError(text)


def read_expected(name):
    with open(TOP / "corpus" / f"{name}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def sift(name, rules):
    log = TOP / "corpus" / f"{name}.log"
    done = subprocess.run([BINARY, "sift", "--quiet", "--records", "--rules", str(rules), str(log)],
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def differences(want, got):
    for field in FIELDS:
        if field not in want:
            continue
        value = want[field]
        if field == "ts" and value and value.startswith("YYYY"):
            value = with_year(value)
        if (got[field] or None) != value:
            yield f"line {want['line']}: {field} is {got[field]!r}, not {value!r}"
    for key, value in want.get("attributes", {}).items():
        if got["attributes"].get(key) != value:
            yield f"line {want['line']}: {key} is {got['attributes'].get(key)!r}, not {value!r}"


def grouping(expected, records):
    groups, labels = {}, {}
    for want, got in zip(expected, records):
        if "group" not in want:
            continue
        label, group = want["group"], got["group"]
        if groups.setdefault(label, group) != group:
            yield f"line {want['line']}: {label} is in two groups: {got['template']!r}"
        if labels.setdefault(group, label) != label:
            yield f"line {want['line']}: {label} and {labels[group]} share a group: {got['template']!r}"


def test_the_corpus_is_there():
    assert len(NAMES) >= 28
    assert {path.stem for path in (TOP / "corpus").glob("*.log")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_records(name, tmp_path):
    # one rule, as compiling all of them takes longest
    (tmp_path / "one.yaml").write_text(RULE)
    expected, records = read_expected(name), sift(name, tmp_path)
    assert [got["line"] for got in records] == [want["line"] for want in expected]
    problems = [text for want, got in zip(expected, records) for text in differences(want, got)]
    problems += grouping(expected, records)
    assert not problems, "\n".join(problems)
