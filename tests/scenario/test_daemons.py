"""test_daemons.py - several siftd on one database: they start at once, write one project, and one is killed"""
import collections
import os
import random
import re
import subprocess
import time

import harness

NUMBER = re.compile(r"n=(\d+)")
NAMES = ["alice", "bernard", "chloe", "dmitri", "eun", "farid", "greta", "hiro", "ines", "jorge", "kemal", "lena"]
# with a name that only learning finds to vary, and without
SHAPES = [
    ("INFO", "session opened by {name} from pool {n}"),
    ("INFO", "{name} renewed the lease of volume data"),
    ("WARN", "retry of {name} after timeout"),
    ("ERROR", "connection refused by 10.0.0.{n}:5432"),
    ("ERROR", "java.lang.OutOfMemoryError: Java heap space in worker {n}"),
    ("INFO", "checkpoint complete"),
]


def message(dice, number):
    """(level, text, shape); the number is no part of the text"""
    level, shape = dice.choice(SHAPES)
    text = shape.format(name=dice.choice(NAMES), n=dice.randrange(1, 250))
    return level, f"{text} n={number}", shape


def make_daemons(make_siftd, postgres, count):
    daemons = []
    for number in range(count):
        siftd = make_siftd(database={"url": postgres.url()}, upkeep={"interval": "200ms"},
                           compact={"small_events": 200, "blocks_min": 2}, batch={"age": "50ms"})
        siftd.config["http"].update(reads_per_minute=0, writes_per_minute=0)
        siftd.add_file_source(name=f"files-{number % 2}")
        daemons.append(siftd)
    return daemons


def start_all(daemons):
    """at once; the first admin's password is on the standard error of one of them"""
    for siftd in daemons:
        siftd.launch()
    for siftd in daemons:
        siftd.wait_ready()
    login = next(found.groups() for found in (
        re.search(r"^siftd: admin login: (\S+) password: (\S+)$", siftd.stderr(), re.M) for siftd in daemons) if found)
    for siftd in daemons:
        siftd.login = login
        siftd.client.login(*login)


def append(siftd, lines):
    with open(os.path.join(siftd.logs, "a.log"), "a", encoding="ascii") as file:
        file.writelines(f"2026-01-05T08:{i // 60 % 60:02d}:{i % 60:02d}Z {level} app: {text}\n"
                        for i, (level, text, _) in enumerate(lines))


def findings(client, scope):
    return {(f["rule"], f["key"]): f["total_occurrences"] for f in client.pages(f"{scope}/findings")}


def groups_of(client, scope):
    """the groups that each shape's events are in, and the group of each exact text"""
    shapes, texts = collections.defaultdict(set), collections.defaultdict(set)
    for event in client.events(scope):
        text = NUMBER.sub("", event["message"])
        texts[text].add(event["group"])
        shapes[re.sub("|".join(NAMES) + r"|\\d+", "*", text)].add(event["group"])
    return shapes, texts


def test_three_daemons_write_one_project(make_siftd, postgres):
    """every event, count, group and finding is that of the input, after a kill -9 of one of them"""
    dice, written = random.Random(11), []
    daemons = make_daemons(make_siftd, postgres, 3)
    start_all(daemons)
    scope = daemons[0].client.default_scope()

    def write(siftd, count):
        lines = [message(dice, len(written) + i) for i in range(count)]
        written.extend(lines)
        append(siftd, lines)

    for round_number in range(8):
        for siftd in daemons:
            write(siftd, 60)
        time.sleep(0.05)
        if round_number == 4:
            daemons[1].kill()
    daemons[1].start()
    daemons[0].client.wait_total(scope, len(written))
    # what learners found in each other's journals is stored with the next events
    for _ in range(2):
        time.sleep(0.7)
        for siftd in daemons:
            write(siftd, 1)
    for siftd in daemons:
        siftd.client.wait_total(scope, len(written))
    client = daemons[2].client
    seen = collections.Counter(int(NUMBER.search(e["message"]).group(1)) for e in client.events(scope))
    assert seen == collections.Counter(range(len(written)))
    assert client.overview(scope)["stats"]["levels"] == collections.Counter(level for level, _, _ in written)
    shapes, texts = groups_of(client, scope)
    assert {text: ids for text, ids in texts.items() if len(ids) > 1} == {}, "same text, same group"
    assert sorted(group["count"] for group in client.groups(scope)) == sorted(
        collections.Counter(shape for _, _, shape in written).values())
    alone = make_siftd()
    alone.config["http"].update(reads_per_minute=0)
    alone.add_file_source()
    append(alone, written)
    alone.start()
    alone_scope = alone.client.default_scope()
    alone.client.wait_total(alone_scope, len(written))
    assert findings(client, scope) == findings(alone.client, alone_scope) != {}
    for siftd in [*daemons, alone]:
        assert siftd.stop() == 0


def test_a_decision_reaches_all_daemons(make_siftd, postgres):
    """a merge made on one daemon holds on the other for templates that only it sees, and so does its undoing"""
    daemons = make_daemons(make_siftd, postgres, 2)
    start_all(daemons)
    client, scope = daemons[0].client, daemons[0].client.default_scope()
    append(daemons[1], [("INFO", "disk is full on node", ""), ("INFO", "cable was pulled by cat", "")])
    client.wait_total(scope, 2)
    first, second = sorted(group["id"] for group in client.groups(scope))
    made = client.post(f"{scope}/groups/{first}/merge", {"with": second})

    def told(count):
        metrics = daemons[1].client.request("GET", "//metrics")[2].decode()
        return int(re.search(r"^siftd_follower_regroupings_total (\d+)", metrics, re.M).group(1)) >= count

    harness.wait_until(lambda: told(1), 10, "the other daemon knows of the merge")
    append(daemons[1], [("INFO", "cable was pulled by cat", "")])
    client.wait_total(scope, 3)
    assert [group["count"] for group in client.groups(scope)] == [3]
    client.post(f"{scope}/groups/merges/{made['id']}/undo", {})
    harness.wait_until(lambda: told(2), 10, "the other daemon knows that it was undone")
    append(daemons[1], [("INFO", "disk is full on node", "")])
    client.wait_total(scope, 4)
    assert {group["id"]: group["count"] for group in client.groups(scope)} == {first: 2, second: 2}
    for siftd in daemons:
        assert siftd.stop() == 0


def test_a_newer_schema_is_refused(make_siftd, postgres):
    siftd = make_daemons(make_siftd, postgres, 1)[0]
    siftd.start()
    assert siftd.stop() == 0
    postgres.sql("INSERT INTO siftd.schema_versions (version, name) VALUES (9999, 'later')", database="siftd")
    done = subprocess.run([siftd.binary, "run", "--config", siftd.write_config()], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode != 0
    assert "schema version 9999" in done.stderr and "newer siftd" in done.stderr
