"""kafka_side.py - rounds with a real broker: the feeder that produces, and what goes wrong on that side"""
import os
import signal
import sys
import time

import harness
from feeders import Feeder

sys.path.insert(0, os.path.join(harness.TOP, "tests", "kafka"))
import broker  # noqa: E402

PARTITIONS = 4
# a killed member is missed soon, or every round would wait for it
PROPERTIES = {"session.timeout.ms": "6000", "max.poll.interval.ms": "6000", "heartbeat.interval.ms": "500",
              "topic.metadata.refresh.interval.ms": "1000"}
PRODUCER = {"enable_idempotence": True, "message_timeout_ms": 120000, "queue_buffering_max_ms": 5,
            "reconnect_backoff_max_ms": 500}


def start_cluster(nodes):
    return broker.Cluster(nodes=nodes, partitions=PARTITIONS)


def source(cluster, topic):
    """the same for every member: name and group make them one"""
    return {"type": "kafka", "name": "kafka", "brokers": cluster.brokers, "topics": [topic], "group": topic,
            "project": "default", "properties": dict(PROPERTIES)}


class KafkaFeeder(Feeder):
    """an idempotent producer; what the broker acknowledged is a promise"""

    source = "kafka"

    def told(self, record):
        def delivered(error, _):
            (self.promised if error is None else self.possible)[record.ident] = record
        return delivered

    def feed(self):
        cluster, topic = self.siftd.cluster, self.siftd.topic
        producer = cluster.producer(**PRODUCER)
        left = self.count
        while left > 0 and time.monotonic() < self.stop_by:
            count = min(left, self.dice.randrange(1, 200))
            left -= count
            for _ in range(count):
                record = self.material.record(self.source, 0)
                producer.produce(topic, record.line.encode(), on_delivery=self.told(record),
                                 partition=self.dice.randrange(PARTITIONS))
            producer.poll(0)
            self.pause()
        if producer.flush(150):
            raise TimeoutError("the broker took not everything")


def wait_ready(cluster):
    for node in cluster.nodes:
        if node.process is None:
            node.launch()
    # one that was killed first mends its log, maybe on a machine that does much else
    cluster.wait_ready(240)


def kill_broker(round_):
    """of several nodes the one that leads a partition: its followers take over"""
    cluster = round_.siftd.cluster
    node = round_.dice.choice(cluster.nodes)
    if len(cluster.nodes) > 1:
        node = cluster.leader(round_.siftd.topic, round_.dice.randrange(PARTITIONS)) or node
    node.kill()
    time.sleep(round_.dice.random() * 3)
    wait_ready(cluster)


def stall_broker(round_):
    """longer than a session: members are thrown out and come again"""
    process = round_.dice.choice(round_.siftd.cluster.nodes).process
    process.send_signal(signal.SIGSTOP)
    time.sleep(round_.dice.uniform(1, 8))
    process.send_signal(signal.SIGCONT)


def members_come_and_go(round_):
    """up to two more daemons with the same database join the group, and leave it in order or by kill -9"""
    siftd = round_.siftd
    others = []
    for _ in range(round_.dice.randrange(1, 3)):
        other = harness.Siftd(binary=siftd.binary, database=siftd.config["database"],
                              sources=[source(siftd.cluster, siftd.topic)])
        other.launch()
        others.append(other)
        time.sleep(round_.dice.random() * 2)
    time.sleep(round_.dice.uniform(0.5, 5))
    for other in others:
        if round_.dice.random() < 0.5:
            other.kill()
        else:
            round_.note(f"left with {other.stop()}")
        other.cleanup()


HAZARDS = (kill_broker, stall_broker, members_come_and_go, members_come_and_go)
