"""test_kafka.py - a real Apache Kafka broker: every message once, whatever restarts or moves"""
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import zlib

import pytest
from confluent_kafka import Consumer, TopicPartition

import harness

sys.path.insert(0, os.path.join(harness.TOP, "tests", "kafka"))
import broker  # noqa: E402

TEXT = re.compile(r"item stored n=(\d+) check=([0-9a-f]{8})")
# a killed member is missed after this, and so is one that does not poll
SESSION = {"session.timeout.ms": "6000", "max.poll.interval.ms": "6000", "heartbeat.interval.ms": "500",
           "metadata.max.age.ms": "2000", "topic.metadata.refresh.interval.ms": "1000"}


def value(number):
    digits = f"{number:07d}"
    return f"2026-01-05T08:00:00.{number % 1000:03d}Z INFO worker[{number % 7}]: item stored n={digits} " \
           f"check={zlib.crc32(digits.encode()):08x}"


@pytest.fixture(scope="module")
def kafka():
    cluster = broker.Cluster(secure=True)
    yield cluster
    cluster.cleanup()


@pytest.fixture
def make_member(make_siftd):
    """a function that makes a siftd with one Kafka source, not started"""
    def make(cluster, topics, siftd_config=None, **source):
        siftd = make_siftd(**(siftd_config or {}))
        siftd.config["http"]["reads_per_minute"] = 0
        options = {"type": "kafka", "name": "kafka", "brokers": cluster.brokers, "topics": topics,
                   "project": "default", "properties": dict(SESSION)}
        options["group"] = f"group-{topics[0].strip('^')}"
        options.update(source)
        siftd.config["sources"].append(options)
        return siftd

    return make


class Load(threading.Thread):
    """writes numbered messages to a topic until told to stop"""

    def __init__(self, cluster, topic, pause_s=0.03, **config):
        super().__init__(daemon=True)
        self.producer = cluster.producer(**config)
        self.topic, self.pause_s = topic, pause_s
        self.count, self.failed = 0, []
        self.stopping = threading.Event()
        self.start()

    def run(self):
        while not self.stopping.is_set():
            try:
                for _ in range(100):
                    self.producer.produce(self.topic, value(self.count), key=str(self.count),
                                          on_delivery=lambda error, _: error and self.failed.append(error))
                    self.count += 1
            except BufferError:
                pass  # the broker is away
            self.producer.poll(0)
            time.sleep(self.pause_s)

    def finish(self):
        """how many were written; all of them were"""
        self.stopping.set()
        self.join()
        left = self.producer.flush(60)
        assert not left and not self.failed, f"{left} not written, {self.failed[:3]}"
        return self.count


def assert_each_once(client, count):
    """every number below count once and unharmed, in the groups' counts as well"""
    scope = client.default_scope()
    found = collections.Counter()
    for event in client.events(scope):
        digits, check = TEXT.search(event["message"]).groups()
        assert f"{zlib.crc32(digits.encode()):08x}" == check, event
        found[int(digits)] += 1
    missing = sorted(set(range(count)) - set(found))
    twice = sorted(number for number, times in found.items() if times > 1)
    assert not missing, f"{len(missing)} missing: {missing[:10]}"
    assert not twice, f"{len(twice)} twice: {twice[:10]}"
    assert len(found) == count
    assert sum(group["count"] for group in client.groups(scope)) == count


def metric(siftd, name):
    text = siftd.client.request("GET", "//metrics")[2].decode()
    return sum(int(v) for v in re.findall(rf'^siftd_source_{name}{{source="kafka",[^}}]*}} (\d+)$', text, re.M))


def ledger(server):
    """(stored, dropped by reason) in records, and whether the bytes add up"""
    rows = server.sql(
        "SELECT sum(stored_records), bool_and(received_bytes = stored_bytes + deduplicated_bytes + quarantined_bytes"
        " + (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(dropped_bytes)))"
        " FROM siftd.ledger WHERE source = 'kafka'", "siftd").split("|")
    reasons = server.sql(
        "SELECT key, sum(value::bigint) FROM siftd.ledger, jsonb_each_text(dropped_records)"
        " WHERE source = 'kafka' GROUP BY 1 ORDER BY 1", "siftd")
    return int(rows[0]), dict(line.split("|") for line in reasons.splitlines()), rows[1] == "t"


def committed(cluster, group, topic, partitions):
    """what a group committed to Kafka"""
    consumer = Consumer({"bootstrap.servers": ",".join(cluster.brokers), "group.id": group})
    try:
        found = consumer.committed([TopicPartition(topic, i) for i in range(partitions)], timeout=10)
        return sum(max(0, item.offset) for item in found)
    finally:
        consumer.close()


def watermarks(cluster, topic):
    """the first offset of partition 0 that is still there, and the one behind the last"""
    consumer = Consumer({"bootstrap.servers": ",".join(cluster.brokers), "group.id": "watermarks"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    finally:
        consumer.close()


def test_what_a_message_carries(kafka, make_member, postgres):
    """all codecs, key, headers, timestamps, tombstones, what is too large"""
    codecs = ("none", "gzip", "snappy", "lz4", "zstd")
    for codec in codecs:
        kafka.create_topic(f"codec-{codec}", 2)
        broker.produce(kafka.producer(compression_type=codec), f"codec-{codec}", [
            {"value": value(i), "partition": i % 2} for i in range(200)])
    kafka.create_topic("codec-shapes", 1)
    broker.produce(kafka.producer(message_max_bytes=4000000), "codec-shapes", [
        {"value": "no time of its own", "key": "k-1", "timestamp": 1767600000123,
         "headers": [("env", b"prod"), ("trace", b"a \"b\"\xff"), ("none", None)]},
        {"value": "two lines\n  stay one record", "key": b"\x00\x01"},
        {"value": None, "key": "gone"},
        {"value": b"x" * 1100000},
        {"value": b"", "key": "empty"},
        {"value": b"poison \x00\xff\xc3( \xed\xa0\x80 end", "key": b"\xff\x00"},
        {"value": "the last"},
    ])
    siftd = make_member(kafka, ["^codec-.*"], {"database": {"url": postgres.url()}})
    siftd.start()
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, 200 * len(codecs) + 5)
    details = {}
    topics = collections.Counter()
    for event in siftd.client.events(scope):
        if TEXT.search(event["message"]):
            continue
        details[event["message"]] = siftd.client.get(f"{scope}/events/{event['seq']}")
    for event in list(siftd.client.events(scope))[::50]:
        topics[siftd.client.get(f"{scope}/events/{event['seq']}")["attributes"]["kafka.topic"]] += 1
    assert len(topics) >= 5
    first = details["no time of its own"]
    assert first["ts"] == "2026-01-05T08:00:00.123000Z"
    assert first["attributes"]["kafka.key"] == "k-1"
    assert first["attributes"]["kafka.header.env"] == "prod"
    assert first["attributes"]["kafka.header.trace"] == "a \"b\"\ufffd"
    assert first["attributes"]["kafka.header.none"] == ""
    assert any(d["raw"] == "two lines\n  stay one record" for d in details.values())
    assert details[""]["attributes"]["kafka.key"] == "empty"
    # no text at all, and kept: nothing that a producer writes stops its partition
    assert sum(message.startswith("poison ") for message in details) == 1
    assert metric(siftd, "received_frames_total") == 200 * len(codecs) + 7
    assert metric(siftd, "dropped_frames_total") == 2
    harness.wait_until(lambda: metric(siftd, "lag_frames") == 0, 10, "no lag")
    assert siftd.stop() == 0
    assert ledger(postgres) == (200 * len(codecs) + 5, {"tombstone": "1", "too_large": "1"}, True)
    # the offsets that lag tools look at
    positions = postgres.sql("SELECT sum(position_offset) FROM siftd.source_positions WHERE source = 'kafka'", "siftd")
    assert int(positions) == 200 * len(codecs) + 7
    assert committed(kafka, "group-codec-.*", "codec-shapes", 1) == 7


def test_kill_9_under_load(kafka, make_member):
    """nothing missing, nothing twice, after kills at random moments"""
    dice = random.Random(7)
    kafka.create_topic("kills")
    siftd = make_member(kafka, ["kills"], properties={**SESSION, "session.timeout.ms": "3000"})
    siftd.start()
    load = Load(kafka, "kills", pause_s=0.015)
    for _ in range(3):
        time.sleep(0.5 + dice.random())
        siftd.kill()
        siftd.start()
    count = load.finish()
    siftd.client.wait_total(siftd.client.default_scope(), count, 60)
    assert_each_once(siftd.client, count)
    assert siftd.stop() == 0


def test_members_join_and_leave(kafka, make_member, postgres):
    """partitions move from one to two and three members, away from one that sleeps, one that is killed, and one
    that leaves; no message is lost or stored twice"""
    kafka.create_topic("members", 6)
    members = [make_member(kafka, ["members"], {"database": {"url": postgres.url()}}) for _ in range(3)]
    members[0].start()
    members[1].login = members[2].login = members[0].login
    load = Load(kafka, "members")

    def wait_shared(wanted, *which):
        """the members that are left have so many partitions"""
        harness.wait_until(lambda: [metric(members[i], "open_streams") for i in which] == wanted, 30,
                           lambda: f"{wanted}: {[metric(members[i], 'open_streams') for i in which]}")

    members[1].start()
    wait_shared([3, 3], 0, 1)
    members[2].start()
    wait_shared([2, 2, 2], 0, 1, 2)
    # what it holds when it wakes belongs to others
    members[1].process.send_signal(signal.SIGSTOP)
    wait_shared([3, 3], 0, 2)
    time.sleep(1)
    members[1].process.send_signal(signal.SIGCONT)
    wait_shared([2, 2, 2], 0, 1, 2)
    members[1].kill()
    wait_shared([3, 3], 0, 2)
    time.sleep(0.5)
    assert members[0].stop() == 0
    wait_shared([6], 2)
    time.sleep(0.5)
    count = load.finish()
    members[2].client.wait_total(members[2].client.default_scope(), count, 60)
    assert_each_once(members[2].client, count)
    assert members[2].stop() == 0
    assert ledger(postgres) == (count, {}, True)
    # what was read was committed before it was given back
    for member in members:
        assert "given back before" not in member.stderr()


def test_broker_killed(kafka, make_member):
    kafka.create_topic("broker")
    siftd = make_member(kafka, ["broker"])
    siftd.start()
    load = Load(kafka, "broker")
    time.sleep(1)
    kafka.nodes[0].kill()
    time.sleep(1)
    kafka.start()
    time.sleep(1)
    count = load.finish()
    siftd.client.wait_total(siftd.client.default_scope(), count, 60)
    assert_each_once(siftd.client, count)
    assert siftd.stop() == 0


def test_database_away(kafka, make_member, postgres):
    """messages wait at the broker, and the member stays in its group"""
    kafka.create_topic("away")
    siftd = make_member(kafka, ["away"], {"database": {"url": postgres.url()}},
                        properties={**SESSION, "queued.max.messages.kbytes": "512"})
    siftd.config["batch"] = {"queue_bytes": 65536}
    siftd.start()
    load = Load(kafka, "away")
    time.sleep(1)
    postgres.stop()
    time.sleep(8)
    postgres.start()
    time.sleep(1)
    count = load.finish()
    siftd.client.wait_total(siftd.client.default_scope(), count, 60)
    assert_each_once(siftd.client, count)
    assert metric(siftd, "rebalances_total") == 1
    assert "MAX_POLL" not in siftd.stderr()
    assert siftd.stop() == 0


def test_memory_while_the_database_is_away(kafka, make_member, postgres):
    """of a flood of 80 MB no more is taken than may wait; the rest waits at the broker, and follows"""
    count, padding = 40000, "x" * 2000
    kafka.create_topic("flood")
    siftd = make_member(kafka, ["flood"], {"database": {"url": postgres.url()}},
                        properties={**SESSION, "queued.max.messages.kbytes": "512"})
    siftd.config["batch"] = {"queue_bytes": "1MiB", "bytes_max": "1MiB"}
    siftd.start()
    producer = kafka.producer(queue_buffering_max_messages=count + 1)
    producer.produce("flood", value(0))
    producer.flush(60)
    siftd.client.wait_total(siftd.client.default_scope(), 1, 60)
    postgres.stop()
    before_kb = siftd.status_kb("VmRSS")
    for number in range(1, count):
        producer.produce("flood", f"{value(number)} {padding}")
    assert producer.flush(60) == 0
    taken = []

    def rests():
        """nothing was taken for a second"""
        taken.append(metric(siftd, "received_frames_total"))
        return taken[-1] > 1 and taken[-5:] == [taken[-1]] * 5

    harness.wait_until(rests, 30, lambda: f"taken: {taken[-5:]}", every_s=0.25)
    # 8 MiB of chunks, batches of 1 MiB of text that wait and are under way, and the open one
    assert taken[-1] < count / 2
    assert siftd.status_kb("VmHWM") - before_kb < 90 << 10  # with the caches that any input fills
    postgres.start()
    siftd.client.wait_total(siftd.client.default_scope(), count, 60)
    assert_each_once(siftd.client, count)
    assert siftd.stop() == 0
    assert ledger(postgres) == (count, {}, True)


def test_expired_and_recreated(kafka, make_member, postgres):
    """messages that the broker deleted are a gap in the ledger; a topic made anew is read from its beginning"""
    kafka.create_topic("expiring", 1, segment_bytes=20000)
    siftd = make_member(kafka, ["expiring"], {"database": {"url": postgres.url()}})
    siftd.start()
    broker.produce(kafka.producer(), "expiring", [{"value": value(i), "partition": 0} for i in range(100)])
    siftd.client.wait_total(siftd.client.default_scope(), 100)
    assert siftd.stop() == 0
    # long ago: all but the active segment goes at once
    broker.produce(kafka.producer(batch_num_messages=50), "expiring", [
        {"value": value(i), "partition": 0, "timestamp": 1000} for i in range(100, 900)])
    kafka.configure_topic("expiring", retention_ms=1000)
    harness.wait_until(lambda: watermarks(kafka, "expiring")[0] > 100, 20, "messages expired")
    kafka.configure_topic("expiring", retention_ms=-1)
    time.sleep(1)
    broker.produce(kafka.producer(), "expiring", [{"value": value(i), "partition": 0} for i in range(900, 1000)])
    siftd.start()
    scope = siftd.client.default_scope()
    low, high = watermarks(kafka, "expiring")
    siftd.client.wait_total(scope, 100 + high - low)
    assert "messages were deleted before they were read" in siftd.stderr()
    assert siftd.stop() == 0
    assert ledger(postgres) == (100 + high - low, {"expired": str(low - 100)}, True)

    kafka.delete_topic("expiring")
    time.sleep(1)
    kafka.create_topic("expiring", 1)
    broker.produce(kafka.producer(), "expiring", [{"value": value(i), "partition": 0} for i in range(2000, 2050)])
    siftd.start()
    siftd.client.wait_total(scope, 100 + high - low + 50)
    assert "the topic was made anew" in siftd.stderr()
    assert siftd.stop() == 0


def test_tls_and_sasl(kafka, make_member):
    kafka.create_topic("secured", 2)
    broker.produce(kafka.producer(), "secured", [{"value": value(i), "partition": i % 2} for i in range(500)])
    secret = kafka.file("password")
    with open(secret, "w", encoding="ascii") as file:
        file.write(broker.PASSWORD + "\n")
    properties = {
        **SESSION, "security.protocol": "sasl_ssl", "ssl.ca.location": kafka.file("ca.pem"),
        "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": broker.USER, "sasl.password_file": secret,
    }
    secured = [f"127.0.0.1:{node.secure_port}" for node in kafka.nodes]
    siftd = make_member(kafka, ["secured"], brokers=secured, properties=properties)
    siftd.start()
    siftd.client.wait_total(siftd.client.default_scope(), 500)
    assert_each_once(siftd.client, 500)
    assert siftd.stop() == 0
    # a wrong secret is said, and does not hold up anything else
    with open(secret, "w", encoding="ascii") as file:
        file.write("another\n")
    siftd.start()
    harness.wait_until(lambda: "uthentication failed" in siftd.stderr(), 10, "a word of the failure")
    assert broker.PASSWORD not in siftd.stderr()
    assert siftd.stop() == 0


def test_projects_by_header_and_topic(kafka, make_member, postgres):
    """a header names the project, else the topic does, else the source; what is not listed reaches nobody"""
    for topic in ("logs-red", "logs-other", "logs-", "plain"):
        kafka.create_topic(topic, 1)
    numbers = iter(range(1000))

    def fill(topic, count, *headers):
        broker.produce(kafka.producer(), topic, [
            {"value": value(next(numbers)), "headers": list(headers)} for _ in range(count)])

    fill("logs-red", 10)
    fill("logs-red", 5, ("tenant", b"blue"))
    fill("logs-red", 3, ("tenant", b"green"))
    fill("logs-other", 7)
    fill("logs-other", 4, ("tenant", b"blue"), ("tenant", b"red"))
    fill("plain", 2)
    fill("plain", 1, ("tenant", b""))
    siftd = make_member(kafka, ["^logs-.*", "plain"], {"database": {"url": postgres.url()}}, group="by-project",
                        projects=["red", "blue"], project_header="tenant", project_pattern="^logs-(.*)$")

    def stored():
        lines = postgres.sql(
            "SELECT p.name, sum(l.stored_records) FROM siftd.ledger AS l JOIN siftd.ingestions AS i ON i.id = l.ingestion_id"
            " JOIN siftd.projects AS p ON p.id = i.project_id WHERE l.source = 'kafka' GROUP BY 1"
            " HAVING sum(l.stored_records) > 0 ORDER BY 1", "siftd").splitlines()
        return {name: int(count) for name, count in (line.split("|") for line in lines)}

    siftd.start()
    harness.wait_until(lambda: stored() == {"blue": 5, "default": 2, "red": 14}, 20, lambda: f"stored {stored()}")
    harness.wait_until(lambda: metric(siftd, "lag_frames") == 0, 10, "no lag")
    assert ledger(postgres) == (21, {"unknown_project": "11"}, True)
    assert "message of a project that is not listed, dropped" in siftd.stderr() and "green" not in siftd.stderr()
    # what was open is read again after a kill, to the same projects
    siftd.kill()
    fill("logs-red", 6, ("tenant", b"blue"))
    siftd.start()
    harness.wait_until(lambda: stored() == {"blue": 11, "default": 2, "red": 14}, 20, lambda: f"stored {stored()}")
    assert siftd.stop() == 0
    # kept instead, in the source's own project
    siftd.config["sources"][-1]["unknown_project"] = "keep"
    fill("logs-other", 8)
    siftd.start()
    harness.wait_until(lambda: stored() == {"blue": 11, "default": 10, "red": 14}, 20, lambda: f"stored {stored()}")
    assert siftd.stop() == 0
    siftd.config["sources"][-1]["project_pattern"] = "^logs-.*$"
    done = subprocess.run([siftd.binary, "check", "--config", siftd.write_config()], capture_output=True, text=True)
    assert done.returncode == 78 and "has no group (...) that names the project" in done.stderr


def read_topic(cluster, topic, count, seconds=20):
    """(key, value) of so many messages, and of what comes within a moment behind them"""
    consumer = Consumer({"bootstrap.servers": ",".join(cluster.brokers), "group.id": f"reader-{topic}",
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    got, end = [], time.monotonic() + seconds
    try:
        while time.monotonic() < end and (len(got) < count or end - time.monotonic() > seconds - 1):
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                got.append((message.key().decode(), json.loads(message.value())))
        return got
    finally:
        consumer.close()


def test_findings_to_a_topic(kafka, make_siftd):
    """word of a finding is a message that the broker acknowledged; what cannot be written says why"""
    kafka.create_topic("findings", 1)
    siftd = make_siftd(notify={
        "interval": "100ms", "timeout": "2s", "kafka_brokers": kafka.brokers, "kafka_topics": ["findings", "^alerts-"],
        "kafka_properties": {"compression.type": "zstd"}})
    siftd.add_file_source()
    siftd.start()
    client = siftd.client
    scope = client.default_scope()

    def channel(name, url, **more):
        return f"{scope}/channels/{client.post(f'{scope}/channels', {'name': name, 'kind': 'kafka', 'url': url, **more})['id']}"

    made = channel("topic", "kafka:findings", rate_max=600)
    other = channel("other", "kafka:secrets", severity_min="CRIT")
    assert client.get(made)["server"] == "kafka:findings"
    for body in ({"url": "kafka:a/b"}, {"url": "http://x/"}, {"url": "kafka:findings", "secret": "a long secret"}):
        with pytest.raises(harness.HttpError) as refused:
            client.post(f"{scope}/channels", {"name": "bad", "kind": "kafka", **body})
        assert refused.value.status == 422
    ingestion = client.new_ingestion(scope, "disk")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    client.paste(ingestion, f"{now} ERROR [db] write failed: No space left on device\n")
    harness.wait_until(lambda: client.get(made)["sent"] == 1, 20, lambda: client.get(made))
    (key, word), = read_topic(kafka, "findings", 1)
    assert key == str(word["finding"]) and word["kind"] == "opened" and word["severity"] == "HIGH"
    assert word["id"] == client.get(made)["deliveries"][0]["id"]
    # the test button, for a topic that may be named, and for one that may not
    client.post(f"{made}/test", {})
    client.post(f"{other}/test", {})
    harness.wait_until(lambda: client.get(made)["sent"] == 2 and client.get(other)["failed"] == 1, 20,
                       lambda: f"{client.get(made)} {client.get(other)}")
    assert client.get(other)["last_error"] == "topic secrets is not listed in notify.kafka_topics"
    # the broker is away: the word waits, and is written once
    kafka.nodes[0].kill()
    delivery = client.post(f"{made}/test", {})["delivery"]
    harness.wait_until(lambda: client.get(made)["last_error"] is not None, 20, lambda: client.get(made))
    assert client.get(made)["last_error"] == "Kafka: Local: Message timed out" and client.get(made)["waiting"] == 1
    kafka.start()
    harness.wait_until(lambda: client.get(made)["sent"] == 3, 40, lambda: client.get(made))
    assert client.get(made)["last_error"] is None
    got = read_topic(kafka, "findings", 3)
    assert [key for key, _ in got] == [key, "test", "test"] and got[2][1]["id"] == delivery
    assert siftd.stop() == 0
    siftd.config["notify"]["kafka_properties"] = {"enable.idempotence": "false"}
    done = subprocess.run([siftd.binary, "check", "--config", siftd.write_config()], capture_output=True, text=True)
    assert done.returncode == 78 and "notify: property enable.idempotence cannot be changed" in done.stderr


def test_check_names_an_unknown_property(kafka, make_member):
    siftd = make_member(kafka, ["t"], properties={"fetch.min.byte": "1"})
    done = subprocess.run([siftd.binary, "check", "--config", siftd.write_config()], capture_output=True, text=True)
    assert done.returncode == 78
    assert 'unknown property "fetch.min.byte", did you mean "fetch.min.bytes"?' in done.stderr


def test_leader_changes(make_member):
    """three nodes: the leader of a partition is killed while messages come"""
    cluster = broker.Cluster(nodes=3)
    try:
        cluster.create_topic("leaders", 3)
        siftd = make_member(cluster, ["leaders"])
        siftd.start()
        load = Load(cluster, "leaders")
        time.sleep(1.5)
        gone = cluster.leader("leaders", 0)
        gone.kill()
        harness.wait_until(lambda: cluster.leader("leaders", 0) not in (None, gone), 30, "another leader")
        time.sleep(1)
        count = load.finish()
        siftd.client.wait_total(siftd.client.default_scope(), count, 60)
        assert_each_once(siftd.client, count)
        assert siftd.stop() == 0
    finally:
        cluster.cleanup()
