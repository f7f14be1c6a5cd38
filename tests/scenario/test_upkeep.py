"""test_upkeep.py - small blocks merge while they are read, and what is deleted goes, through kill -9"""
import collections
import json
import os
import random
import re
import socket
import time

import harness
import pytest

NUMBER = re.compile(r"n=(\d+)")
UPKEEP = {
    "upkeep": {"interval": "100ms", "blocks_max": 4, "rows_max": 100},
    "compact": {"small_events": 500, "merges_max": 2},
    "batch": {"age": "10ms"},
    "record": {"close_after": "10ms"},
}


def make(make_siftd, postgres):
    siftd = make_siftd(database={"url": postgres.url()}, **UPKEEP)
    siftd.config["http"].update(reads_per_minute=0, writes_per_minute=0)
    siftd.syslog_port = siftd.add_syslog_source()
    return siftd


def trickle(port, first, count, pause=0.004):
    """messages that come so slowly that each makes a block"""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for number in range(first, first + count):
            connection.sendall(f"<14>Jan  5 08:00:00 host app[1]: slow item n={number}\n".encode())
            time.sleep(pause)


def blocks(postgres):
    return int(postgres.sql("SELECT count(*) FROM siftd.event_blocks", database="siftd"))


def counter(client, name):
    metrics = client.request("GET", "//metrics")[2].decode()
    return int(re.search(rf"^{name} (\d+)", metrics, re.M).group(1))


def read(client, scope, **query):
    """numbers of all events, once in each order; they must be in the order of seq"""
    events = list(client.events(scope, limit=40, **query))
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(seqs, reverse=query.get("order") != "asc")
    assert len(set(seqs)) == len(seqs)
    return collections.Counter(int(NUMBER.search(event["message"]).group(1)) for event in events)


def test_merging_is_not_seen(make_siftd, postgres):
    """every page while blocks merge: no gap, no double; kill -9 in between changes nothing"""
    siftd = make(make_siftd, postgres)
    siftd.config["upkeep"] = {"interval": "1h"}
    siftd.start()
    scope = siftd.client.default_scope()
    trickle(siftd.syslog_port, 0, 200)
    siftd.client.wait_total(scope, 200)
    assert blocks(postgres) > 20
    wanted = collections.Counter(range(200))
    assert siftd.stop() == 0
    siftd.config["upkeep"] = UPKEEP["upkeep"]
    dice = random.Random(3)
    for _ in range(2):
        siftd.start()
        until = time.monotonic() + dice.random()
        while time.monotonic() < until:
            assert read(siftd.client, scope) == wanted
        siftd.kill()
    siftd.start()
    while blocks(postgres) > 8:
        assert read(siftd.client, scope, order="asc") == wanted
        assert read(siftd.client, scope, q="SLOW item") == wanted
    assert read(siftd.client, scope) == wanted
    trickle(siftd.syslog_port, 200, 100)
    harness.wait_until(lambda: counter(siftd.client, "siftd_upkeep_merges_total") > 0, 20, "merges are counted")
    siftd.client.wait_total(scope, 300)
    assert read(siftd.client, scope) == collections.Counter(range(300))
    assert postgres.sql("SELECT sum(event_count), sum(severities[4]) FROM siftd.event_blocks",
                        database="siftd") == "300|300"
    assert siftd.stop() == 0


def test_sources_that_take_turns_share_blocks(make_siftd, postgres):
    """small blocks of several ingestions become few; what is deleted goes from them, through kill -9 in between"""
    siftd = make(make_siftd, postgres)
    siftd.config["upkeep"] = {"interval": "1h"}
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()
    ingestions = [client.new_ingestion(scope, name) for name in ("one", "two", "three")]
    wanted = [collections.Counter() for _ in ingestions]
    for number in range(60):
        client.paste(ingestions[number % 3], f"2026-01-05T08:00:{number:02d}Z INFO app: slow item n={number}\n")
        wanted[number % 3][number] += 1
        client.wait_total(scope, number + 1)
    assert blocks(postgres) == 60
    assert siftd.stop() == 0
    siftd.config["upkeep"] = UPKEEP["upkeep"]
    siftd.start()
    harness.wait_until(lambda: blocks(postgres) <= 4, 20, "few blocks")
    assert read(client, scope) == sum(wanted, collections.Counter())
    for ingestion, numbers in zip(ingestions, wanted):
        assert read(client, ingestion) == read(client, ingestion, q="slow ITEM", order="asc") == numbers
    client.request("DELETE", ingestions[1])
    assert read(client, scope) == wanted[0] + wanted[2]
    siftd.kill()
    siftd.start()
    harness.wait_until(
        lambda: postgres.sql("SELECT count(*) FROM siftd.deletions", database="siftd") == "0", 20, "the data gone")
    assert read(client, scope) == wanted[0] + wanted[2]
    assert read(client, ingestions[2]) == wanted[2]
    assert postgres.sql("SELECT sum(raw_bytes) FROM siftd.event_blocks", database="siftd") == \
        str(sum(len(f"2026-01-05T08:00:{n:02d}Z INFO app: slow item n={n}") for n in (wanted[0] + wanted[2])))
    assert counter(client, "siftd_upkeep_cleared_blocks_total") >= 1
    assert siftd.stop() == 0


def test_a_slow_stream_is_committed_within_a_second(make_siftd):
    """with the batches and records that the defaults make: a line every 0.7 s, and what its first answer says"""
    siftd = make_siftd()
    siftd.config["http"].update(reads_per_minute=0)
    siftd.syslog_port = siftd.add_syslog_source()
    siftd.start()
    scope = siftd.client.default_scope()
    late = []
    with socket.create_connection(("127.0.0.1", siftd.syslog_port)) as connection:
        for number in range(8):
            connection.sendall(f"<14>Jan  5 08:00:00 host app[1]: slow item n={number}\n".encode())
            sent = time.monotonic()
            harness.wait_until(lambda: siftd.client.total(scope) == number + 1, 10, "the line is there", every_s=0.02)
            late.append(time.monotonic() - sent)
            time.sleep(0.7)
    # one may meet a checkpoint, or a machine that does something else
    assert sorted(late)[-2] < 1, late
    assert siftd.stop() == 0


def test_retention_of_a_project(make_siftd, postgres):
    """is set, kept when something else changes, taken away by null, and obeyed"""
    siftd = make(make_siftd, postgres)
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()

    def change(**fields):
        return json.loads(client.request("PATCH", scope, fields)[2])

    assert client.get(scope)["retention_days"] is None
    assert change(retention_days=30, retention_bytes=10**12)["retention_bytes"] == 10**12
    changed = change(name="kept")
    assert (changed["name"], changed["retention_days"], changed["retention_bytes"]) == ("kept", 30, 10**12)
    assert change(retention_days=None)["retention_days"] is None
    for wrong in ({"retention_days": 0}, {"retention_days": 1.5}, {"retention_bytes": -1}, {"retention_bytes": "all"},
                  {"name": None}):
        with pytest.raises(harness.HttpError) as error:
            client.request("PATCH", scope, wrong)
        assert error.value.status == 422
        assert json.loads(error.value.body)["errors"][0]["field"] in wrong
    client.paste(client.new_ingestion(scope, "many"), "2026-01-05T08:00:00Z INFO app: is kept for now\n" * 50)
    client.wait_total(scope, 50)
    change(retention_bytes=1)
    harness.wait_until(lambda: blocks(postgres) == 0, 20, "the blocks gone")
    # what is known about them stays
    assert client.total(scope) == 50
    assert client.get(f"{scope}/events")["items"] == []
    assert siftd.stop() == 0


def test_deleted_is_gone_at_once(make_siftd, postgres):
    """an ingestion and a project, of many blocks, through kill -9"""
    siftd = make(make_siftd, postgres)
    siftd.config["upkeep"] = {"interval": "1h"}
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()
    kept, dropped = (client.new_ingestion(scope, name) for name in ("kept", "dropped"))
    for number in range(12):
        for ingestion in (kept, dropped):
            client.paste(ingestion, "".join(
                f"2026-01-05T08:00:{number:02d}Z ERROR worker: {ingestion[-1]} failed n={i}\n" for i in range(5)))
    client.wait_total(scope, 120)
    client.request("DELETE", dropped)
    assert client.status(dropped) == 404
    assert client.total(scope) == 60
    siftd.config["upkeep"] = UPKEEP["upkeep"]
    siftd.kill()
    siftd.start()
    time.sleep(0.15)
    siftd.kill()
    siftd.start()
    harness.wait_until(
        lambda: postgres.sql("SELECT count(*) FROM siftd.deletions", database="siftd") == "0", 30, "the data gone")
    assert postgres.sql("SELECT sum(event_count) FROM siftd.event_blocks", database="siftd") == "60"
    assert sum(group["count"] for group in client.groups(scope)) == 60
    client.request("DELETE", scope)
    assert client.status(scope) == 404
    harness.wait_until(
        lambda: postgres.sql("SELECT count(*) FROM siftd.projects", database="siftd") == "0", 30, "the project gone")
    for table in ("event_blocks", "group_counts", "group_stats", "templates", "groups", "findings", "evidence"):
        assert postgres.sql(f"SELECT count(*) FROM siftd.{table}", database="siftd") == "0", table
    assert siftd.stop() == 0


def test_positions_of_gone_files_go(make_siftd, postgres):
    """the ledger's sums stay; a file that is there keeps its position, and is not read again"""
    siftd = make_siftd(database={"url": postgres.url()}, rollup={"interval": "300ms"}, retention={"positions_age": "1s"})
    siftd.add_file_source()
    siftd.start()
    scope = siftd.client.default_scope()
    for number in range(6):
        with open(os.path.join(siftd.logs, f"{number}.log"), "w", encoding="ascii") as file:
            file.write(f"2026-01-05T08:00:00Z INFO app: is stored n={number}\n" * 3)
    siftd.client.wait_total(scope, 18)

    def ask(text):
        return postgres.sql(text, database="siftd")

    sums = "SELECT sum(received_bytes), sum(stored_bytes), sum(stored_records) FROM siftd.ledger"
    before = ask(sums)
    time.sleep(1.5)
    assert ask("SELECT count(*) FROM siftd.source_positions WHERE source = 'files'") == "6"
    for number in range(4):
        os.unlink(os.path.join(siftd.logs, f"{number}.log"))
    harness.wait_until(lambda: ask("SELECT count(*) FROM siftd.source_positions WHERE source = 'files'") == "2", 20,
                       "the positions gone")
    assert ask("SELECT count(*) FROM siftd.ledger WHERE source = 'files'") == "3"
    assert ask(sums) == before
    assert counter(siftd.client, "siftd_forgotten_positions_total") == 4
    assert siftd.stop() == 0
    siftd.start()
    with open(os.path.join(siftd.logs, "4.log"), "a", encoding="ascii") as file:
        file.write("2026-01-05T08:00:00Z INFO app: is stored n=7\n")
    siftd.client.wait_total(scope, 19)
    assert siftd.stop() == 0
