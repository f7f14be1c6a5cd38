"""test_chaos_oracle.py - the oracle of tests/chaos sees each kind of damage"""
import os
import random
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "chaos"))
import oracle  # noqa: E402
import tally  # noqa: E402
from material import FINDINGS, SHAPES, Material  # noqa: E402


class FakeClient:
    """answers what a siftd that stored `events` would"""

    def __init__(self, events, findings):
        self.stored, self.found = events, findings

    def groups(self, _):
        groups = {event["group"] for event in self.stored}
        return [{"id": g, "count": sum(e["group"] == g for e in self.stored)} for g in groups]

    def overview(self, _):
        levels = {event["level"] for event in self.stored}
        return {"stats": {"total_events": len(self.stored),
                          "levels": {name: sum(e["level"] == name for e in self.stored) for name in levels}}}

    def pages(self, _):
        return [{"rule": rule, "total_occurrences": count} for rule, count in self.found.items()]


def stored(record):
    level, service, _ = SHAPES[record.shape]
    return {"message": record.line.split(": ", 1)[1], "level": level, "service": service, "group": record.shape}


@pytest.fixture
def written():
    material = Material(random.Random(4))
    return [material.record(source, 0) for source in ("file", "syslog", "push") for _ in range(300)]


def look(written, damage=lambda events: events, findings=lambda counts: counts):
    events = damage([stored(record) for record in written])
    counts = {}
    for record in written:
        if record.shape in FINDINGS:
            counts[FINDINGS[record.shape]] = counts.get(FINDINGS[record.shape], 0) + 1
    promised = {r.ident: r for r in written if not r.ident.startswith("syslog")}
    possible = {r.ident: r for r in written if r.ident.startswith("syslog")}
    records = {**promised, **possible}
    verdict, client = oracle.Verdict(), FakeClient(events, findings(counts))
    seen = oracle.check_events(verdict, events, promised, possible)
    oracle.check_lines(verdict, events, records, "syslog")
    oracle.check_prefixes(verdict, seen, "syslog")
    oracle.check_bodies(verdict, seen, possible, "push")
    oracle.check_groups(verdict, client, "", events, records)
    oracle.check_findings(verdict, client, "", {i: c for i, c in seen.items() if i in records}, records)
    return verdict


def test_nothing_wrong(written):
    verdict = look(written)
    assert (verdict.events, verdict.missing, verdict.duplicated, verdict.wrong) == (900, 0, 0, [])


def test_missing_and_twice(written):
    assert look(written, lambda events: events[1:]).missing == 1
    assert look(written, lambda events: events + events[:1]).duplicated == 1


@pytest.mark.parametrize("change", [
    {"message": "order 1 placed id=file-9-9"}, {"level": "TRACE"}, {"service": "other"}, {"group": 77},
], ids=str)
def test_changed_event(written, change):
    assert look(written, lambda events: [{**events[0], **change}, *events[1:]]).wrong


def test_hole_in_a_connection(written):
    assert look(written, lambda events: events[:310] + events[311:]).wrong


def test_wrong_finding(written):
    assert look(written, findings=lambda counts: {rule: n + 1 for rule, n in counts.items()}).wrong


def test_tables_that_disagree():
    """each query that answers with rows is a fault of its own"""
    def ask_with(wrong):
        return lambda query: "0" if query.startswith("SELECT count") else "1|5|6" if wrong in query else ""

    for wrong, rolled, faults in (("nothing", False, 0), ("stored_events", False, 1), ("width = 1 ", False, 1),
                                  ("width = 1 ", True, 0), ("siftd.group_stats", True, 1)):
        verdict = oracle.Verdict()
        oracle.check_store(verdict, ask_with(wrong), rolled)
        assert len(verdict.wrong) == faults, (wrong, verdict.wrong)


def test_what_never_happened_is_said():
    told = tally.Tally(disks=False, sources=["push", "upload"])
    dice = random.Random(1)
    chosen = [told.choose(dice) for _ in tally.CRASH_POINTS]
    assert sorted(point.split(":")[0] for point in chosen) == sorted(tally.CRASH_POINTS)
    # all but one fired, and nothing else was met
    told.end_round(chosen, "".join(f"siftd: crash point {name}\n" for name in tally.CRASH_POINTS[1:]), merges=1)
    assert told.missed()[0] == f"crash point {tally.CRASH_POINTS[0]}"
    assert "full disks" not in told.missed() and "deadlocks" in told.missed()
    assert told.passes[tally.CRASH_POINTS[0]] == tally.PASSES_MAX // 2
    said = ('msg="the batch was committed, its answer was lost"\nmsg="the guard failed error="\n'
            'msg="all sources start again from their stored positions"\nmsg="two writers met, trying again sqlstate=40P01"\n'
            'msg="two writers met, trying again sqlstate=40001"\nmsg="cannot execute SELECT FOR UPDATE in a read-only '
            'transaction"\nmsg="the database system is shutting down"\nsiftd: crash point flush.guarded\n')
    told.end_round([], said, merges=0)
    assert told.missed() == [] and len(list(told.lines())) == 2
