"""test_files.py - tailed files: every record once, through appends, rotation and kill -9"""
import collections
import os
import random
import re
import subprocess
import time

import harness

NUMBER = re.compile(r"n=(\d+)")


def line(number):
    return f"2026-01-05T08:00:00.{number % 1000:03d}Z INFO worker[{number % 7}]: item stored n={number:07d}\n"


def write(path, first, count):
    with open(path, "a", encoding="ascii") as file:
        file.writelines(line(number) for number in range(first, first + count))


def numbers(client, scope):
    return collections.Counter(int(NUMBER.search(e["message"]).group(1)) for e in client.events(scope))


def assert_each_once(client, scope, count):
    """every number below count once, in the groups' counts as well"""
    found = numbers(client, scope)
    missing = sorted(set(range(count)) - set(found))
    twice = sorted(number for number, times in found.items() if times > 1)
    assert not missing, f"{len(missing)} missing: {missing[:10]}"
    assert not twice, f"{len(twice)} twice: {twice[:10]}"
    assert len(found) == count
    assert sum(group["count"] for group in client.groups(scope)) == count


def test_existing_and_appended_lines(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    write(os.path.join(siftd.logs, "a.log"), 0, 2000)
    siftd.start()
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, 2000)
    write(os.path.join(siftd.logs, "a.log"), 2000, 1000)
    write(os.path.join(siftd.logs, "b.log"), 3000, 1000)
    siftd.client.wait_total(scope, 4000)
    assert_each_once(siftd.client, scope, 4000)
    assert siftd.stop() == 0
    assert siftd.postmasters() == []


def assert_ledger(source, data_bytes, records):
    """every byte that was read went somewhere, and the sum says so"""
    ledger = source["ledger"]
    assert ledger["closed"]
    assert ledger["received_bytes"] == data_bytes
    assert (ledger["stored_bytes"], ledger["stored_records"]) == (data_bytes, records)


def test_clean_restart_reads_nothing_twice(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    path = os.path.join(siftd.logs, "a.log")
    write(path, 0, 1500)
    siftd.start()
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, 1500)
    groups = {g["fingerprint"]: g["count"] for g in siftd.client.groups(scope)}
    assert siftd.stop() == 0
    write(path, 1500, 500)
    siftd.start()
    siftd.client.wait_total(scope, 2000)
    assert_each_once(siftd.client, scope, 2000)
    after = {g["fingerprint"]: g["count"] for g in siftd.client.groups(scope)}
    assert groups.keys() == after.keys(), "fingerprints are stable across restarts"
    # the ledger goes on where it was, and the position is at the end of the file
    source = siftd.client.source("files")
    assert_ledger(source, os.path.getsize(path), 2000)
    assert [(p["path"], p["offset"]) for p in source["positions"]] == [(path, os.path.getsize(path))]
    assert source["lag"]["bytes"] == 0
    assert siftd.stop() == 0


def test_rotation_by_rename_and_by_truncation(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    renamed, truncated = os.path.join(siftd.logs, "a.log"), os.path.join(siftd.logs, "b.log")
    write(renamed, 0, 1000)
    write(truncated, 1000, 1000)
    siftd.start()
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, 2000)
    # the last lines before the rename are read from the renamed file
    write(renamed, 2000, 500)
    os.rename(renamed, renamed + ".1")
    write(renamed, 2500, 500)
    siftd.client.wait_total(scope, 3000)
    os.truncate(truncated, 0)
    time.sleep(1)
    write(truncated, 3000, 500)
    siftd.client.wait_total(scope, 3500)
    assert_each_once(siftd.client, scope, 3500)
    assert siftd.stop() == 0


def test_records_of_several_lines(make_siftd):
    text = (
        "2026-01-05 08:00:00,001 ERROR [main] c.e.Shop - order failed n=0000000\n"
        "java.lang.IllegalStateException: no stock\n"
        "\tat c.e.Shop.order(Shop.java:17)\n"
        "\t... 12 more\n"
        "Caused by: java.io.IOException: reset\n"
        "\tat c.e.Net.read(Net.java:5)\n"
        "2026-01-05 08:00:01,002 INFO [main] c.e.Shop - order placed n=0000001\n"
    )
    siftd = make_siftd()
    siftd.add_file_source()
    path = os.path.join(siftd.logs, "a.log")
    siftd.start()
    scope = siftd.client.default_scope()
    # a trace that arrives in pieces is one record all the same
    for part in re.findall(r".{1,40}", text, re.S):
        with open(path, "a", encoding="ascii") as file:
            file.write(part)
        time.sleep(0.02)
    siftd.client.wait_total(scope, 2)
    first = [e for e in siftd.client.events(scope) if "n=0000000" in e["message"]]
    raw = siftd.client.get(f"{scope}/events/{first[0]['seq']}")["raw"]
    assert raw == text[: text.index("2026-01-05 08:00:01")].rstrip("\n")
    assert siftd.stop() == 0


def test_half_a_line_when_the_store_stood_still(make_siftd, postgres):
    """a pause of the store is no pause of the writer: the line stays in one piece"""
    siftd = make_siftd(database={"url": postgres.url()}, batch={"events_max": 500, "queue_bytes": "64KiB"})
    siftd.add_file_source()
    siftd.start()
    scope = siftd.client.default_scope()
    with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", postgres.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as holder:
        holder.stdin.write("BEGIN; LOCK TABLE siftd.source_positions IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        flood = os.path.join(siftd.logs, "flood")
        write(flood, 0, 100000)
        with open(os.path.join(siftd.logs, "half.log"), "ab", buffering=0) as file:
            file.write(b"2026-01-05T08:00:01Z INFO shop: tw")
            # more than the lane may hold, at once: it stands before the half line is old
            os.rename(flood, flood + ".log")
            time.sleep(3)
            file.write(b"o halves\n")
        holder.stdin.close()
        assert holder.wait() == 0
    siftd.client.wait_total(scope, 100001)
    assert [e["message"] for e in siftd.client.events(scope, q="halves")] == ["two halves"]
    assert siftd.stop() == 0


def test_kill_9_during_intake(make_siftd):
    """nothing missing, nothing twice, after three kills at random moments"""
    total, dice = 60000, random.Random(5)
    siftd = make_siftd()
    siftd.add_file_source()
    path = os.path.join(siftd.logs, "a.log")
    siftd.start()
    written = 0
    for _ in range(3):
        for _ in range(15):
            write(path, written, 1000)
            written += 1000
            time.sleep(dice.random() * 0.05)
        time.sleep(dice.random() * 0.4)
        siftd.kill()
        siftd.start()
    write(path, written, total - written)
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, total, 120)
    assert_each_once(siftd.client, scope, total)
    assert siftd.stop() == 0


def test_group_counts_match_the_input(make_siftd):
    """counts by level and by group against a count of the input with other means"""
    shapes = {
        "INFO": ["user {n} logged in", "cart {n} saved in {n}ms"],
        "WARN": ["retry {n} of call to billing"],
        "ERROR": ["connection refused by 10.0.0.{m}:5432", "disk full on /dev/sda{m}"],
    }
    dice = random.Random(9)
    levels, texts, lines = collections.Counter(), collections.Counter(), []
    for number in range(5000):
        level = dice.choice(list(shapes))
        shape = dice.choice(shapes[level])
        levels[level] += 1
        texts[shape] += 1
        message = shape.format(n=10000 + dice.randrange(90000), m=dice.randrange(1, 250))
        lines.append(f"2026-01-05T08:00:{number % 60:02d}Z {level} {message}\n")
    siftd = make_siftd()
    siftd.add_file_source()
    with open(os.path.join(siftd.logs, "a.log"), "w", encoding="ascii") as file:
        file.writelines(lines)
    siftd.start()
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, harness.count_records("".join(lines).encode()))
    assert siftd.client.overview(scope)["stats"]["levels"] == levels
    counts = sorted(group["count"] for group in siftd.client.groups(scope))
    assert counts == sorted(texts.values())
    assert siftd.stop() == 0
