"""oracle.py - compares what siftd answers with what was written"""
import collections
import re

from material import FINDINGS, SHAPES

IDENT = re.compile(r"\bid=([a-z]+-\d+-\d+)\b")


class Verdict:
    def __init__(self):
        self.events = self.missing = self.duplicated = self.in_flight = 0
        self.wrong = []

    def expect(self, what, found, expected):
        if found != expected:
            self.wrong.append(f"{what}: {found}, expected {expected}")


def check_events(verdict, events, promised, possible):
    seen = collections.Counter()
    for event in events:
        found = IDENT.search(event["message"])
        if found is None or (found[1] not in promised and found[1] not in possible):
            verdict.wrong.append(f"an event that nobody wrote: {event['message'][:200]!r}")
            continue
        seen[found[1]] += 1
    verdict.events = sum(seen.values())
    verdict.missing = sum(1 for ident in promised if ident not in seen)
    verdict.duplicated = sum(count - 1 for count in seen.values())
    verdict.in_flight = sum(1 for ident in possible if ident not in seen)
    return seen


def check_lines(verdict, events, records, syslog):
    """each event has all lines of its record, and no other's"""
    for event in events:
        found = IDENT.search(event["message"])
        record = records.get(found[1]) if found else None
        if record is None:
            continue
        first = record.line.split("\n")[0].split(": ", 1)[1]
        if not event["message"].startswith(first) or len(IDENT.findall(event["message"])) != 1:
            verdict.wrong.append(f"not as written: {event['message'][:300]!r}")
        level, service, _ = SHAPES[record.shape]
        verdict.expect(f"level of {record.ident}", event["level"], level)
        if record.ident.split("-")[0] != syslog:
            verdict.expect(f"service of {record.ident}", event["service"], service)


def check_prefixes(verdict, seen, source):
    """of a connection that broke only the end may be missing"""
    numbers = collections.defaultdict(list)
    for ident in seen:
        name, stream, number = ident.split("-")
        if name == source:
            numbers[stream].append(int(number))
    for stream, found in numbers.items():
        verdict.expect(f"connection {stream}: first records in a row", sorted(found), list(range(len(found))))


def check_bodies(verdict, seen, possible, source):
    """a body without an answer is there whole or not at all"""
    bodies = collections.defaultdict(lambda: [0, 0])
    for ident in possible:
        name, stream, _ = ident.split("-")
        if name == source:
            bodies[stream][0] += 1
            bodies[stream][1] += ident in seen
    for stream, (written, stored) in bodies.items():
        if stored not in (0, written):
            verdict.wrong.append(f"body {stream}: {stored} of {written} records stored")


def check_groups(verdict, client, scope, events, records):
    """one group a shape, and counts by group, level and total that fit the events"""
    by_group, shape_groups = collections.Counter(), collections.defaultdict(set)
    group_shapes = collections.defaultdict(set)
    for event in events:
        by_group[event["group"]] += 1
        found = IDENT.search(event["message"])
        if found and found[1] in records:
            # an exception's group is its type and its frames
            shape_groups[records[found[1]].shape, "\n" in event["message"]].add(event["group"])
            group_shapes[event["group"]].add(records[found[1]].shape)
    for group, shapes in group_shapes.items():
        if len(shapes) > 1:
            verdict.wrong.append(f"group {group} mixes {[SHAPES[s][2] for s in shapes]}")
    for (shape, _), groups in shape_groups.items():
        if len(groups) > 1:
            verdict.wrong.append(f"groups {sorted(groups)} are one: {SHAPES[shape][2]}")
    counts = {group["id"]: group["count"] for group in client.groups(scope)}
    verdict.expect("counts by group", {k: v for k, v in counts.items() if v}, dict(by_group))
    stats = client.overview(scope)["stats"]
    verdict.expect("total", stats["total_events"], len(events))
    levels = collections.Counter(event["level"] for event in events)
    verdict.expect("levels", {k: v for k, v in stats["levels"].items() if v}, dict(levels))


def check_findings(verdict, client, scope, seen, records):
    expected = collections.Counter()
    for ident, count in seen.items():
        if records[ident].shape in FINDINGS:
            expected[FINDINGS[records[ident].shape]] += count
    found = collections.Counter()
    for finding in client.pages(f"{scope}/findings"):
        found[finding["rule"]] += finding["total_occurrences"]
    verdict.expect("findings", dict(found), dict(expected))


def check_ledger(verdict, ask):
    """each stream's received bytes are stored, deduplicated, quarantined or dropped"""
    open_rows = ask(
        "SELECT source, stream, received_bytes, stored_bytes FROM siftd.ledger "
        "WHERE received_bytes <> stored_bytes + deduplicated_bytes + quarantined_bytes "
        "+ (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(dropped_bytes))")
    verdict.expect("ledger rows that do not close", open_rows, "")


# each counts the same events: by ingestion, what the blocks hold and what some other table says
COUNTED = {
    "ingestions": "SELECT id AS ingestion_id, stored_events AS n FROM siftd.ingestions WHERE stored_events <> 0",
    "ledger": "SELECT ingestion_id, sum(stored_records) AS n FROM siftd.ledger WHERE EXISTS "
              "(SELECT FROM siftd.ingestions AS i WHERE i.id = ingestion_id) GROUP BY 1 HAVING sum(stored_records) <> 0",
    "group_stats": "SELECT ingestion_id, sum(count) AS n FROM siftd.group_stats GROUP BY 1",
    "group_counts": "SELECT ingestion_id, sum(count) AS n FROM siftd.group_counts GROUP BY 1",
    "scope_counts of all times": "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = 0 GROUP BY 1",
    "scope_counts by hour": "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = 60 GROUP BY 1",
    "scope_counts by day": "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = 1440 GROUP BY 1",
    "scope_counts of all services by hour": "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = -60 GROUP BY 1",
    "scope_counts of all services by day": "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = -1440 GROUP BY 1",
}
# unless minutes have become hours
COUNTED_BY_MINUTE = {
    "scope_counts by minute": "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = 1 GROUP BY 1",
    "scope_counts of all services by minute":
        "SELECT ingestion_id, sum(count) AS n FROM siftd.scope_counts WHERE width = -1 GROUP BY 1",
}
# a block that ingestions share says whose its events are; those of 0 were cleared
BLOCKS = ("SELECT r.ingestion_id, sum(r.n) AS n FROM siftd.event_blocks AS b, unnest("
          "coalesce(run_ingestions, ARRAY[b.ingestion_id]), coalesce(run_counts, ARRAY[event_count])) AS r (ingestion_id, n) "
          "WHERE r.ingestion_id <> 0 GROUP BY 1")


def check_store(verdict, ask, rolled):
    """tables that say the same agree, and no number of an event is given twice"""
    # what is left behind by a process that was killed is added up by the next flush, or by upkeep
    if ask("SELECT count(*) FROM siftd.group_count_parts") != "0":
        ask("SELECT siftd.fold_counts(array_agg(id)) FROM siftd.projects")
    for name, counts in (COUNTED if rolled else {**COUNTED, **COUNTED_BY_MINUTE}).items():
        verdict.expect(f"{name} that differ from the blocks", ask(
            f"SELECT ingestion_id, b.n, c.n FROM ({BLOCKS}) AS b FULL JOIN ({counts}) AS c USING (ingestion_id) "
            "WHERE b.n IS DISTINCT FROM c.n"), "")
    verdict.expect("blocks whose numbers overlap", ask(
        "SELECT count(*) FROM (SELECT first_seq + event_count > lead(first_seq) OVER "
        "(PARTITION BY project_id ORDER BY first_seq) AS bad FROM siftd.event_blocks) AS b WHERE bad"), "0")
    verdict.expect("rows in quarantine", ask("SELECT count(*) FROM siftd.quarantine"), "0")


def check_doctor(verdict, siftd):
    """positions agree with the files and the spool"""
    found = siftd.doctor()
    verdict.expect("siftd doctor", found.returncode and found.stdout, 0)


def judge(round_):
    verdict, client, scope = Verdict(), round_.siftd.client, round_.scope
    promised, possible = {}, {}
    for feeder in round_.feeders:
        promised.update(feeder.promised)
        possible.update(feeder.possible)
    records = {**promised, **possible}
    events = list(client.events(scope))
    seen = check_events(verdict, events, promised, possible)
    check_lines(verdict, events, records, "syslog")
    check_prefixes(verdict, seen, "syslog")
    check_bodies(verdict, seen, possible, "push")
    check_groups(verdict, client, scope, events, records)
    check_findings(verdict, client, scope, {i: c for i, c in seen.items() if i in records}, records)
    check_ledger(verdict, round_.ask)
    check_store(verdict, round_.ask, not round_.rollup)
    check_doctor(verdict, round_.siftd)
    return verdict
