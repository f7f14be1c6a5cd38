"""broker.py - real Apache Kafka brokers for tests: KRaft nodes on ports of their own.

The jars come by Maven into build/kafka (or SIFTD_KAFKA_JARS) and stay there."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402

from confluent_kafka import Producer  # noqa: E402
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
JARS = os.environ.get("SIFTD_KAFKA_JARS", os.path.join(harness.TOP, "build", "kafka"))
READY_S = 180
USER, PASSWORD = "sifter", "a secret of the test"
LOG4J = """log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d %p %m (%c)%n
"""
# small enough for a test machine, quick to start
JAVA = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]


def class_path():
    """the jars, fetched when they are not there yet"""
    done = os.path.join(JARS, "complete")
    if not os.path.exists(done):
        os.makedirs(JARS, exist_ok=True)
        subprocess.run(
            ["mvn", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"), "dependency:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={JARS}"], check=True, timeout=600)
        with open(done, "w", encoding="ascii"):
            pass
    return os.path.join(JARS, "*")


def free_ports(count):
    """ports that are free together"""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Node:
    """one broker that is its own controller, or one of several"""

    def __init__(self, number, ports, directory):
        self.number, self.directory = number, directory
        self.port, self.control_port, self.secure_port = ports
        self.process = None
        os.makedirs(directory)

    @property
    def log_path(self):
        return os.path.join(self.directory, "log")

    def launch(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*JAVA, f"-Dlog4j.configuration=file:{self.directory}/log4j.properties", "-cp", class_path(),
                 "kafka.Kafka", os.path.join(self.directory, "server.properties")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory)

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


class Cluster:
    """nodes in one folder; `secure`: a second listener with TLS and SASL"""

    def __init__(self, nodes=1, secure=False, partitions=3):
        self.directory = tempfile.mkdtemp(prefix="siftd-kafka-")
        self.secure = secure
        self.partitions = partitions
        ports = free_ports(3 * nodes)
        self.nodes = [Node(i + 1, ports[3 * i:3 * i + 3], os.path.join(self.directory, str(i + 1)))
                      for i in range(nodes)]
        self.admin_client = None
        if secure:
            self.make_certificates()
        identifier = "c2lmdGQtdGVzdC1jbHVzdA"
        for node in self.nodes:
            self.write_properties(node)
            subprocess.run(
                [*JAVA, f"-Dlog4j.configuration=file:{node.directory}/log4j.properties", "-cp", class_path(),
                 "kafka.tools.StorageTool", "format", "-t", identifier, "-c",
                 os.path.join(node.directory, "server.properties"),
                 *(["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"] if secure else [])],
                check=True, stdout=subprocess.DEVNULL)
        self.start()

    @property
    def brokers(self):
        return [f"127.0.0.1:{node.port}" for node in self.nodes]

    def file(self, name):
        return os.path.join(self.directory, name)

    def make_certificates(self):
        """an authority of our own, and a server certificate in a Java key store"""
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.directory)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
                "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "server.key",
                "-out", "server.csr")
        with open(self.file("names"), "w", encoding="ascii") as names:
            names.write("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", "server.pem")
        openssl("pkcs12", "-export", "-in", "server.pem", "-inkey", "server.key", "-name", "server",
                "-passout", "pass:keystore", "-out", "server.p12")

    def write_properties(self, node):
        several = len(self.nodes) > 1
        replicas = min(3, len(self.nodes))
        listeners = [f"PLAIN://127.0.0.1:{node.port}"]
        if self.secure:
            listeners.append(f"SECURE://127.0.0.1:{node.secure_port}")
        lines = [
            "process.roles=broker,controller",
            f"node.id={node.number}",
            "controller.quorum.voters=" + ",".join(f"{n.number}@127.0.0.1:{n.control_port}" for n in self.nodes),
            "listeners=" + ",".join([*listeners, f"CONTROL://127.0.0.1:{node.control_port}"]),
            "advertised.listeners=" + ",".join(listeners),
            "controller.listener.names=CONTROL",
            "inter.broker.listener.name=PLAIN",
            "listener.security.protocol.map=CONTROL:PLAINTEXT,PLAIN:PLAINTEXT,SECURE:SASL_SSL",
            f"log.dirs={node.directory}/data",
            f"num.partitions={self.partitions}",
            f"default.replication.factor={replicas}",
            f"min.insync.replicas={2 if several else 1}",
            f"offsets.topic.replication.factor={replicas}",
            "offsets.topic.num.partitions=1",
            f"transaction.state.log.replication.factor={replicas}",
            "transaction.state.log.num.partitions=1",
            "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            "group.min.session.timeout.ms=1000",
            "log.retention.check.interval.ms=300",
            "log.initial.task.delay.ms=100",
            "log.segment.delete.delay.ms=100",
            # of several, none is to be voted out because the machine is busy
            f"broker.session.timeout.ms={9000 if several else 3000}",
            "controller.quorum.fetch.timeout.ms=10000",
            "controller.quorum.election.timeout.ms=5000",
            "broker.heartbeat.interval.ms=500",
            "message.max.bytes=4194304",
            "num.network.threads=2",
            "num.io.threads=2",
            "log.cleaner.enable=false",
        ]
        if self.secure:
            jaas = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
            lines += [
                "sasl.enabled.mechanisms=SCRAM-SHA-512",
                f"listener.name.secure.scram-sha-512.sasl.jaas.config={jaas};",
                f"ssl.keystore.location={self.file('server.p12')}",
                "ssl.keystore.type=PKCS12",
                "ssl.keystore.password=keystore",
            ]
        with open(os.path.join(node.directory, "server.properties"), "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
        with open(os.path.join(node.directory, "log4j.properties"), "w", encoding="ascii") as out:
            out.write(LOG4J)

    def start(self):
        for node in self.nodes:
            if node.process is None:
                node.launch()
        self.wait_ready()

    def wait_ready(self, seconds=READY_S):
        def ready():
            for node in self.nodes:
                if node.process is not None and node.process.poll() is not None:
                    with open(node.log_path, encoding="utf-8", errors="replace") as log:
                        raise AssertionError(f"broker ended:\n{log.read()[-3000:]}")
            done = subprocess.run(["kcat", "-b", ",".join(self.brokers), "-L", "-m", "5"],
                                  capture_output=True, text=True)
            return f" {sum(n.process is not None for n in self.nodes)} brokers:" in done.stdout

        def said():
            texts = []
            for node in self.nodes:
                with open(node.log_path, encoding="utf-8", errors="replace") as log:
                    texts.append(f"broker {node.number}: {log.read()[-1500:]}")
            return "\n".join(["brokers ready", *texts])

        harness.wait_until(ready, seconds, said, every_s=0.2)

    def admin(self):
        if self.admin_client is None:
            self.admin_client = AdminClient({"bootstrap.servers": ",".join(self.brokers), "log_level": 0})
        return self.admin_client

    def create_topic(self, name, partitions=None, **config):
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        topic = NewTopic(name, num_partitions=partitions or self.partitions,
                         replication_factor=min(3, len(self.nodes)), config=settings)
        self.admin().create_topics([topic])[name].result(20)

    def configure_topic(self, name, **config):
        """these settings, and no others"""
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        resource = ConfigResource("topic", name, set_config=settings)
        self.admin().alter_configs([resource])[resource].result(20)

    def delete_topic(self, name):
        self.admin().delete_topics([name])[name].result(20)

    def leader(self, topic, partition):
        """the node that leads the partition"""
        number = self.admin().list_topics(topic, timeout=10).topics[topic].partitions[partition].leader
        return next((node for node in self.nodes if node.number == number), None)

    def producer(self, **config):
        settings = {key.replace("_", "."): value for key, value in config.items()}
        return Producer({"bootstrap.servers": ",".join(self.brokers), "acks": "all", "log_level": 0,
                         "enable.idempotence": True, "message.timeout.ms": 60000, **settings})

    def cleanup(self):
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def produce(producer, topic, records):
    """sends (partition, value, ...) or dicts, waits until all are written; fails when one is not"""
    failed = []

    def delivered(error, _):
        if error is not None:
            failed.append(error)

    for record in records:
        while True:
            try:
                producer.produce(topic, on_delivery=delivered, **record)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(60)
    assert not failed and not left, f"{left} not delivered, {failed[:3]}"
