"""finding_history.py - rules with every type of window, lines that make some of them fire, and what of findings
must not depend on how the lines came"""
import datetime
import json

# one of each type of window; words that no shipped rule knows
WINDOWS = """
id: w_spike
title: Many more than before
severity: MED
confidence: 0.5
window: {type: spike, count: 10, within: 1m, factor: 3, baseline: 10m}
match: {message: {words: spiky}}
---
id: w_ratio
title: A share of requests fails
severity: MED
confidence: 0.5
window: {type: rate_ratio, count: 5, within: 2m, ratio: 0.2, of: {message: {words: requested}}}
group_by: service
match: {message: {words: requested and lost}}
---
id: w_values
title: Many users
severity: MED
confidence: 0.5
window: {type: cardinality, count: 4, within: 1m, field: attributes.user}
match: {message: {words: seen}}
---
id: w_sequence
title: This, then that
severity: MED
confidence: 0.5
window: {type: sequence, within: 1m, then: {message: {words: dropped}}}
group_by: host
match: {message: {words: lifted}}
---
id: w_new
title: Never seen before
severity: LOW
confidence: 0.5
window: {type: new_group, learn: 1h}
match: {message: {words: novelty}}
---
id: w_silence
title: A beat is missing
severity: HIGH
confidence: 0.5
window: {type: flatline, within: 5m, count: 3}
group_by: service
match: {message: {words: heartbeat}}
"""

BASE = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)


def line(seconds, text, service="app", **fields):
    """a line so many seconds after BASE"""
    stamp = (BASE + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps({"ts": stamp, "level": "INFO", "service": service, "message": text, **fields})


def facts(client, scope, with_evidence=False):
    """what must not depend on how events came: no ids"""
    found = {}
    for item in client.pages(f"{scope}/findings"):
        detail = client.get(f"{scope}/findings/{item['id']}")
        found[item["rule"], item["key"]] = (
            item["status"], item["total_occurrences"], item["first_seen"], item["last_seen"], item["window"],
            [(e["first_seen"], e["last_seen"], e["total"]) for e in detail["episodes"]],
            sorted((m["fingerprint"], m["count"]) for m in item["matched_fingerprints"]),
            [e["raw"] for e in detail["evidence_preview"]] if with_evidence else None)
    return found


def history():
    """lines for all windows, some of which fire"""
    lines = [line(n * 60, "spiky thing") for n in range(30)]
    lines += [line(1800 + n, "spiky thing") for n in range(30)]
    for n in range(60):
        lines.append(line(n * 20, "page requested fine", "web"))
        lines.append(line(n * 20, "page requested fine", "api"))
    lines += [line(600 + n * 10, "page requested and lost", "api") for n in range(12)]
    lines += [line(600 + n * 60, "page requested and lost", "web") for n in range(6)]
    lines += [line(100 + n, "was seen here", user=f"u{n % 6}") for n in range(20)]
    lines += [line(4000 + n, "was seen here", user=f"u{n % 3}") for n in range(20)]
    lines += [line(50, "load lifted up", host="h1"), line(80, "load dropped", host="h1"),
              line(50, "load lifted up", host="h2"), line(200, "load dropped", host="h2"),
              line(300, "load dropped", host="h3"), line(310, "load lifted up", host="h3")]
    lines += [line(60, "novelty of old"), line(7000, "novelty of old"), line(7000, "unheard novelty came up in full")]
    lines += [line(n * 30, "heartbeat", "steady") for n in range(240)]
    lines += [line(n * 30, "heartbeat", "halting") for n in range(240) if not 60 <= n < 90]
    lines += [line(n * 30, "heartbeat", "dying") for n in range(100)]
    return lines
