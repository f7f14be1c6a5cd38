"""test_push.py - logs pushed by shippers: siftd's own way, Loki, OTLP, Elasticsearch, Splunk"""
import base64
import concurrent.futures
import glob
import gzip
import http.client
import json
import socket
import subprocess
import time

import harness
import pytest

T0 = 1767600000  # 2026-01-05T08:00:00Z


class Shipper:
    """pushes with an API key of its own; its events land in an ingestion of that name"""

    numbers = iter(range(1000))

    def __init__(self, siftd):
        self.siftd = siftd
        self.name = f"shipper {next(Shipper.numbers)}"
        self.key = siftd.client.post(f"{siftd.scope}/keys", {"name": self.name})["key"]
        self.connection = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=30)

    def send(self, path, body=b"", headers=None, method="POST"):
        """(status, headers, body)"""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def push(self, body, headers=None, query=""):
        return self.send(f"/api/v1{self.siftd.scope}/push{query}", body, headers)

    def ingestion(self, name=None):
        name = name or self.name
        found = [item for item in self.siftd.client.get(f"{self.siftd.scope}/ingestions", q=name)["items"]
                 if item["name"] == name]
        assert len(found) == 1 and found[0]["source_type"] == "push"
        return f"{self.siftd.scope}/ingestions/{found[0]['id']}"

    def events(self, count, name=None):
        """all its events, oldest first, with what only one event's page tells"""
        ingestion = self.ingestion(name)
        self.siftd.client.wait_total(ingestion, count)
        seqs = sorted(event["seq"] for event in self.siftd.client.events(ingestion))
        return [self.siftd.client.get(f"{ingestion}/events/{seq}") for seq in seqs]


@pytest.fixture
def shipper(shared):
    return Shipper(shared)


def zstd(data):
    return subprocess.run(["zstd", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


LINES = b"".join(b"2026-01-05T08:00:%02dZ ERROR billing: charge %d refused\n" % (n % 60, n) for n in range(50))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("times", [1, 60])
def test_text(shipper, pack, times):
    """small on the loop, large on a worker"""
    status, _, body = shipper.push(pack(LINES * times))
    assert status == 202
    answer = json.loads(body)
    assert answer["accepted"] == {"lines": 50 * times, "bytes": (len(LINES) - 50) * times}
    assert shipper.ingestion().endswith(f"/{answer['ingestion_id']}")
    shipper.siftd.client.wait_total(shipper.ingestion(), 50 * times)


def test_records_of_several_lines(shipper):
    text = b"2026-01-05 08:00:00,000 ERROR shop - failed\nTraceback (most recent call last):\n  File \"x.py\", line 1\nValueError: x\n"
    assert shipper.push(text)[0] == 202
    assert shipper.events(1)[0]["raw"].encode() + b"\n" == text


def test_json_lines_and_arrays(shipper):
    records = [{"time": "2026-01-05T08:00:00Z", "level": "warn", "service": "cart", "msg": f"slow {n}"} for n in range(3)]
    assert shipper.push("\n".join(map(json.dumps, records)).encode())[0] == 202
    status, _, body = shipper.push(json.dumps(records + ["2026-01-05T08:00:01Z ERROR cart: two\nlines"], indent=1).encode())
    assert status == 202 and json.loads(body)["accepted"]["lines"] == 4
    events = shipper.events(7)
    assert [e["level"] for e in events] == ["WARN"] * 6 + ["ERROR"]
    assert {e["service"] for e in events} == {"cart"}
    assert events[6]["raw"] == "2026-01-05T08:00:01Z ERROR cart: two\nlines"


def test_a_named_ingestion_and_a_person(shared, shipper):
    assert shipper.push(LINES, query="?ingestion=by%20name")[0] == 202
    shared.client.request("POST", f"{shared.scope}/push?ingestion=by+name", LINES)
    shared.client.wait_total(shipper.ingestion("by name"), 100)


def bomb(pack):
    return pack(bytes(1 << 20) * 80)


@pytest.mark.parametrize("body,headers,status", [
    (b"", {}, 400), (b"  \n", {}, 400), (gzip.compress(LINES)[:-20], {}, 400), (LINES, {"Content-Encoding": "br"}, 415),
    (bomb(gzip.compress), {}, 413), (bomb(zstd), {}, 413)], ids=["empty", "blank", "cut", "br", "gzip bomb", "zstd bomb"])
def test_refused(shipper, body, headers, status):
    got, headers, answer = shipper.push(body, headers)
    assert (got, headers["Content-Type"]) == (status, "application/problem+json")
    assert json.loads(answer)["status"] == status


def test_the_same_push_again(shipper):
    """stored once, answered alike; another key, and another ingestion, is another push"""
    once = {"Idempotency-Key": "a b c"}
    first = shipper.push(LINES, once)
    again = shipper.push(LINES, once)
    assert (first[0], first[2]) == (again[0], again[2]) and again[1]["Idempotent-Replayed"] == "true"
    assert first[1]["Idempotent-Replayed"] is None
    assert shipper.push(LINES, {"Idempotency-Key": "d"})[1]["Idempotent-Replayed"] is None
    assert shipper.push(LINES, once, f"?ingestion={shipper.name.replace(' ', '%20')}b")[1]["Idempotent-Replayed"] is None
    shipper.siftd.client.wait_total(shipper.ingestion(), 100)
    shipper.siftd.client.wait_total(shipper.ingestion(shipper.name + "b"), 50)


def test_the_same_push_meanwhile(shared, shipper):
    """however many at once: one is stored"""
    others = [Shipper(shared) for _ in range(4)]
    for other in others:
        other.key = shipper.key
    with concurrent.futures.ThreadPoolExecutor(len(others)) as pool:
        answers = list(pool.map(lambda other: other.push(LINES * 400, {"Idempotency-Key": "x"}), others))
    assert {status for status, _, _ in answers} <= {202, 409}
    while shipper.push(LINES * 400, {"Idempotency-Key": "x"})[0] == 409:
        time.sleep(0.1)
    shared.client.wait_total(shipper.ingestion(), 20000)
    time.sleep(1)
    assert shared.client.total(shipper.ingestion()) == 20000


def test_pressure(make_siftd):
    """what the spool does not take is refused, and so are too many requests; nothing else changes"""
    siftd = make_siftd(spool={"bytes_max": "8MiB", "segment_bytes": "1MiB"})
    siftd.config["http"]["pushes_per_minute"] = 6
    siftd.add_file_source()  # for its project
    siftd.start()
    siftd.scope = siftd.client.default_scope()
    shipper = Shipper(siftd)
    status, headers, _ = shipper.push(LINES * 5000)
    assert status == 503 and int(headers["Retry-After"]) > 0
    status, headers, answer = shipper.send("/v1/logs", otlp(*[{"body": {"stringValue": "x" * 100000}}] * 100))
    assert (status, json.loads(answer)["code"]) == (503, 14) and int(headers["Retry-After"]) > 0
    assert shipper.push(LINES)[0] == 202
    statuses = [shipper.push(LINES)[0] for _ in range(6)]
    assert statuses.count(202) == 3 and statuses[-1] == 429
    siftd.client.wait_total(shipper.ingestion(), 200)
    assert siftd.stop() == 0


def test_the_database_is_away(make_siftd, postgres):
    """a key that is known goes on pushing, into the spool; one that is not waits"""
    siftd = make_siftd(database={"url": postgres.url()})
    siftd.add_file_source()
    siftd.start()
    siftd.scope = siftd.client.default_scope()
    known, unknown = Shipper(siftd), Shipper(siftd)
    assert known.push(LINES)[0] == 202
    postgres.stop()
    assert harness.wait_until(lambda: siftd.client.status("//readyz") == 503, 20, "away")
    statuses = [known.push(LINES)[0] for _ in range(3)]
    time.sleep(6)  # longer than an answer of the database is good while it is there
    statuses.append(known.push(LINES)[0])
    assert statuses == [202] * 4
    assert known.push(LINES, {"Idempotency-Key": "once"})[0] == 503
    assert unknown.push(LINES)[0] == 503
    assert known.send(f"/api/v1{siftd.scope}1/push", LINES)[0] == 503
    postgres.start()
    harness.wait_until(lambda: siftd.client.status("//readyz") == 200, 30, "back")
    siftd.client.wait_total(known.ingestion(), 5 * LINES.count(b"\n"))
    # revoked here: known no more
    key = next(item for item in siftd.client.get(f"{siftd.scope}/keys")["items"] if item["name"] == known.name)
    siftd.client.request("DELETE", f"{siftd.scope}/keys/{key['id']}")
    assert known.push(LINES)[0] == 401
    assert 'siftd_push_remembered_total{why="away"}' in siftd.client.request("GET", "//metrics")[2].decode()
    assert siftd.stop() == 0


# Loki

def loki(streams):
    return {"streams": [{"stream": labels, "values": values} for labels, values in streams]}


def test_loki_json(shipper):
    second = f"{T0 + 1}000000000"
    body = loki([
        ({"job": "ignored", "app": "cart", "host": "web-1", "env": "prod"},
         [[f"{T0}123456789", "level=error msg=\"reserve failed\" sku=17"],
          [second, "plain words", {"trace_id": "0af7651916cd43dd8448eb211c80319c", "detected_level": "warn"}]]),
        ({"service_name": "api"}, [[second, "tab\there \"quoted\" \u00fc\nsecond line"]])])
    assert shipper.send("/loki/api/v1/push", body, {"Content-Type": "application/json"})[0] == 204
    first, plain, other = shipper.events(3)
    assert (first["ts"], first["level"], first["service"], first["host"]) == (
        "2026-01-05T08:00:00.123456Z", "ERROR", "cart", "web-1")
    assert first["message"] == "reserve failed" and first["raw"] == "level=error msg=\"reserve failed\" sku=17"
    assert first["attributes"]["env"] == "prod" and first["attributes"]["job"] == "ignored"
    assert first["attributes"]["sku"] == "17"
    assert (plain["level"], plain["attributes"]["trace_id"]) == ("WARN", "0af7651916cd43dd8448eb211c80319c")
    assert (other["service"], other["raw"]) == ("api", "tab\there \"quoted\" \u00fc\nsecond line")


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """of a protobuf message: a number, or bytes, or a text"""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64(number, value):
    return varint(number << 3 | 1) + value.to_bytes(8, "little")


def snappy(data):
    """one block of literals, as the format description has them"""
    out = varint(len(data))
    for at in range(0, len(data), 60):
        piece = data[at:at + 60]
        out += bytes([len(piece) - 1 << 2]) + piece
    return out


def loki_entry(seconds, nanos, line, **metadata):
    pairs = b"".join(field(3, field(1, name) + field(2, value)) for name, value in metadata.items())
    return field(2, field(1, field(1, seconds) + field(2, nanos)) + field(2, line) + pairs)


PROTOBUF = {"Content-Type": "application/x-protobuf"}


def test_loki_protobuf(shipper):
    stream = field(1, '{app="cart", node="web-1", path="C:\\\\x \\"y\\""}')
    stream += loki_entry(T0, 5000, "first line", level="error") + loki_entry(T0 + 1, 0, "second line")
    assert shipper.send("/loki/api/v1/push", snappy(field(1, stream)), PROTOBUF)[0] == 204
    first, second = shipper.events(2)
    assert (first["ts"], first["level"], first["service"], first["host"], first["message"]) == (
        "2026-01-05T08:00:00.000005Z", "ERROR", "cart", "web-1", "first line")
    assert first["attributes"]["path"] == 'C:\\x "y"'
    assert (second["ts"], second["level"]) == ("2026-01-05T08:00:01.000000Z", None)


def test_loki_refuses(shipper):
    for body, headers in ((b"{", {}), (b"[]", {}), (b'{"streams":[{"stream":{},"values":[["x"]]}]}', {}),
                          (b"\xff\xff", PROTOBUF), (snappy(b"\x0a\x7f"), PROTOBUF)):
        status, _, answer = shipper.send("/loki/api/v1/push", body, headers)
        assert status == 400 and answer, body
    # a snappy block that claims four gigabytes
    assert shipper.send("/loki/api/v1/push", varint(1 << 32 - 1) + b"\x00a", PROTOBUF)[0] in (400, 413)
    too_long = loki([({"app": "x"}, [[f"{T0}000000000", "x" * (1 << 20)], [f"{T0}000000000", "short"]])])
    status, _, answer = shipper.send("/loki/api/v1/push", too_long)
    assert status == 400 and b"1 of 2 entries" in answer
    assert [e["message"] for e in shipper.events(1)] == ["short"]


# OpenTelemetry

def otlp(*records, resource=(("service.name", "cart"), ("host.name", "web-1"), ("deployment.environment", "prod"))):
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in resource]
    return {"resourceLogs": [{"resource": {"attributes": attributes},
                              "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": list(records)}]}]}


RECORD = {
    "timeUnixNano": f"{T0}000001000", "observedTimeUnixNano": f"{T0 + 9}000000000", "severityNumber": 17,
    "severityText": "ERROR", "body": {"stringValue": "payment \"refused\""},
    "attributes": [{"key": "http.response.status_code", "value": {"intValue": "502"}},
                   {"key": "retry", "value": {"boolValue": True}},
                   {"key": "tags", "value": {"arrayValue": {"values": [{"stringValue": "a"}]}}}],
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"}


def check_record(event):
    assert (event["ts"], event["level"], event["service"], event["host"], event["message"]) == (
        "2026-01-05T08:00:00.000001Z", "ERROR", "cart", "web-1", 'payment "refused"')
    told = {name: event["attributes"].get(name) for name in (
        "deployment.environment", "scope.name", "http.response.status_code", "retry", "trace_id", "span_id")}
    assert told == {"deployment.environment": "prod", "scope.name": "lib", "http.response.status_code": "502",
                    "retry": "true", "trace_id": RECORD["traceId"], "span_id": RECORD["spanId"]}


def test_otlp_json(shipper):
    bare = {"observedTimeUnixNano": f"{T0 + 9}000000000", "body": {"stringValue": "2026-01-05T08:00:02Z WARN api: slow"}}
    status, headers, answer = shipper.send("/v1/logs", otlp(RECORD, bare), {"Content-Type": "application/json"})
    assert (status, headers["Content-Type"], json.loads(answer)) == (200, "application/json", {})
    first, second = shipper.events(2)
    check_record(first)
    assert json.loads(first["attributes"]["tags"]) == {"values": [{"stringValue": "a"}]}
    # what the record does not say its text may; the resource goes before the text
    assert (second["ts"], second["level"], second["service"]) == ("2026-01-05T08:00:02.000000Z", "WARN", "cart")


def pair(key, any_value):
    return field(1, key) + field(2, any_value)


def otlp_proto(records):
    resource = b"".join(field(1, pair(key, field(1, value))) for key, value in (
        ("service.name", "cart"), ("host.name", "web-1"), ("deployment.environment", "prod")))
    logs = b"".join(field(2, record) for record in records)
    return field(1, field(1, resource) + field(2, field(1, field(1, "lib")) + logs))


def test_otlp_protobuf(shipper):
    nested = field(5, field(1, field(1, "a")) + field(1, field(6, field(1, pair("n", field(3, 5))))))
    record = (fixed64(1, T0 * 10**9 + 1000) + fixed64(11, (T0 + 9) * 10**9) + field(2, 17) + field(3, "ERROR")
              + field(5, field(1, 'payment "refused"')) + field(6, pair("http.response.status_code", field(3, 502)))
              + field(6, pair("retry", field(2, 1))) + field(6, pair("tags", nested))
              + field(9, bytes.fromhex(RECORD["traceId"])) + field(10, bytes.fromhex(RECORD["spanId"])))
    too_long = field(5, field(1, "x" * (1 << 20)))
    status, headers, answer = shipper.send("/v1/logs", gzip.compress(otlp_proto([record, too_long])),
                                           {**PROTOBUF, "Content-Encoding": "gzip"})
    assert (status, headers["Content-Type"]) == (200, "application/x-protobuf")
    assert answer == field(1, field(1, 1) + field(2, "a record is too long"))
    event, = shipper.events(1)
    check_record(event)
    assert json.loads(event["attributes"]["tags"]) == ["a", {"n": 5}]


def test_otlp_refuses(shipper):
    status, _, answer = shipper.send("/v1/logs", b'{"resourceLogs":[5]}', {"Content-Type": "application/json"})
    assert (status, json.loads(answer)["code"]) == (400, 3)
    status, headers, answer = shipper.send("/v1/logs", b"\x0a\x7f", PROTOBUF)
    assert (status, headers["Content-Type"], answer[:2]) == (400, "application/x-protobuf", b"\x08\x03")
    # deeper than anybody needs
    deep = field(1, "x")
    for _ in range(3000):
        deep = field(5, field(1, deep))
    assert shipper.send("/v1/logs", otlp_proto([field(5, deep)]), PROTOBUF)[0] == 200
    assert shipper.events(1)[0]["message"].startswith("[[[[")


# Splunk

def test_hec_events(shipper):
    events = [
        {"time": T0 + 0.25, "host": "web-1", "source": "/var/log/app.log", "sourcetype": "app", "index": "main",
         "event": "2026-01-05T07:00:00Z ERROR cart: refused \"17\"", "fields": {"region": "eu", "n": 5}},
        {"time": str(T0 + 1), "source": "billing", "event": {"level": "warn", "msg": "slow", "took": 7}},
        {"time": T0 + 2, "event": "third", "fields": {"service.name": "api", "level": "info"}}]
    body = " \n".join(json.dumps(event) for event in events).encode()
    headers = {"Authorization": f"Splunk {shipper.key}"}
    status, _, answer = shipper.send("/services/collector/event", gzip.compress(body), {**headers, "Content-Encoding": "gzip"})
    assert (status, json.loads(answer)) == (200, {"text": "Success", "code": 0})
    first, second, third = shipper.events(3)
    assert (first["ts"], first["level"], first["service"], first["host"], first["message"]) == (
        "2026-01-05T08:00:00.250000Z", "ERROR", "cart", "web-1", 'refused "17"')
    told = {name: first["attributes"][name] for name in ("source", "sourcetype", "index", "region", "n")}
    assert told == {"source": "/var/log/app.log", "sourcetype": "app", "index": "main", "region": "eu", "n": "5"}
    assert (second["ts"], second["level"], second["service"], second["message"], second["attributes"]["took"]) == (
        "2026-01-05T08:00:01.000000Z", "WARN", "billing", "slow", "7")
    assert (third["level"], third["service"]) == ("INFO", "api")


def test_hec_raw_and_acknowledgments(shipper):
    channel = {"X-Splunk-Request-Channel": "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba"}
    status, _, answer = shipper.send("/services/collector/raw?host=web-2&source=cart", b"ERROR one\nWARN two\n", channel)
    assert (status, json.loads(answer)["ackId"]) == (200, 0)
    status, _, answer = shipper.send("/services/collector/ack", b'{"acks":[0,7]}', channel)
    assert (status, json.loads(answer)) == (200, {"acks": {"0": True, "7": True}})
    assert shipper.send("/services/collector/raw", LINES)[0] == 200
    events = shipper.events(52)
    assert [(e["level"], e["service"], e["host"], e["raw"]) for e in events[:2]] == [
        ("ERROR", "cart", "web-2", "ERROR one"), ("WARN", "cart", "web-2", "WARN two")]


@pytest.mark.parametrize("body,code", [(b"", 5), (b"x", 6), (b'{"host":"x"}', 12), (b'{"event":""}', 13), (b'{"event":"x"}{', 6)])
def test_hec_refuses(shipper, body, code):
    status, _, answer = shipper.send("/services/collector", body)
    assert (status, json.loads(answer)["code"]) == (400, code)
    assert shipper.send("/services/collector/health", method="GET", headers={"Authorization": ""})[0] == 200


# Elasticsearch

NDJSON = {"Content-Type": "application/x-ndjson"}
FILEBEAT = {"@timestamp": "2026-01-05T08:00:00.123Z", "message": "2026-01-05 09:00:00 ERROR [cart] refused", "host": {"name": "web-1"},
            "log": {"file": {"path": "/var/log/cart.log"}, "offset": 0}, "ecs": {"version": "8.0.0"}, "tags": ["a"]}
FLUENT_BIT = {"@timestamp": "2026-01-05T08:00:01Z", "log": "level=warn msg=slow",
              "kubernetes": {"container_name": "api", "pod_name": "api-1", "host": "node-1"}}
STRUCTURED = {"@timestamp": "2026-01-05T08:00:02Z", "log.level": "error", "service": {"name": "pay"}, "msg": "declined"}


def bulk(*pairs):
    return "".join(json.dumps(part) + "\n" for pair in pairs for part in pair if part is not None).encode()


def test_elastic_bulk(shipper):
    body = bulk(({"create": {"_index": "filebeat-8.12.0", "_id": "a1"}}, FILEBEAT), ({"index": {"_index": "fluent-bit"}}, FLUENT_BIT),
                ({"index": {}}, STRUCTURED), ({"delete": {"_index": "x", "_id": "1"}}, None),
                ({"update": {"_index": "x", "_id": "1"}}, {"doc": {}}), ({"create": {"_index": "x"}}, "no object"))
    key = {"Authorization": "ApiKey " + base64.b64encode(f"id:{shipper.key}".encode()).decode()}
    status, headers, answer = shipper.send("/_bulk", gzip.compress(body), {**NDJSON, **key, "Content-Encoding": "gzip"})
    answer = json.loads(answer)
    assert (status, headers["X-Elastic-Product"], answer["errors"]) == (200, "Elasticsearch", True)
    assert [(name, item["status"]) for entry in answer["items"] for name, item in entry.items()] == [
        ("create", 201), ("index", 201), ("index", 201), ("delete", 400), ("update", 400), ("create", 400)]
    assert answer["items"][0]["create"]["_id"] == "a1" and answer["items"][0]["create"]["_index"] == "filebeat-8.12.0"
    first, second, third = shipper.events(3)
    assert (first["ts"], first["level"], first["host"], first["message"]) == (
        "2026-01-05T08:00:00.123000Z", "ERROR", "web-1", "refused")
    assert first["raw"] == FILEBEAT["message"] and first["attributes"]["log.file.path"] == "/var/log/cart.log"
    assert (second["level"], second["service"], second["host"], second["message"]) == ("WARN", "api", "node-1", "slow")
    assert (third["ts"], third["level"], third["service"], third["message"]) == (
        "2026-01-05T08:00:02.000000Z", "ERROR", "pay", "declined")


def test_elastic_one_document_and_an_index_in_the_path(shipper):
    status, _, answer = shipper.send("/logs-1/_doc", FILEBEAT)
    assert (status, json.loads(answer)["result"]) == (201, "created")
    status, _, answer = shipper.send("/logs-2/_bulk", bulk(({"create": {}}, FILEBEAT)), NDJSON, "PUT")
    assert json.loads(answer)["items"][0]["create"]["_index"] == "logs-2" and not json.loads(answer)["errors"]
    assert [e["attributes"]["elastic.index"] for e in shipper.events(2)] == ["logs-1", "logs-2"]


@pytest.mark.parametrize("body", [b"", b"x\n", b'{"index":{}}\n', b'{"index":5}\n{}\n'])
def test_elastic_refuses(shipper, body):
    status, headers, answer = shipper.send("/_bulk", body, NDJSON)
    assert (status, headers["X-Elastic-Product"], json.loads(answer)["status"]) == (400, "Elasticsearch", 400)


def test_elastic_probes(shipper):
    status, headers, answer = shipper.send("/", method="GET")
    assert (status, headers["X-Elastic-Product"]) == (200, "Elasticsearch")
    assert json.loads(answer)["version"]["number"].startswith("8.")
    assert shipper.send("/", method="HEAD")[0] == 200
    assert json.loads(shipper.send("/_license", method="GET")[2])["license"]["status"] == "active"
    for path in ("/_xpack", "/_cluster/health", "/_template/filebeat", "/_ilm/policy/filebeat", "/_index_template/filebeat-8.12.0"):
        assert shipper.send(path, method="GET")[0] == 200, path
    assert json.loads(shipper.send("/_ingest/pipeline/x", b"{}", method="PUT")[2]) == {"acknowledged": True}
    assert shipper.send("/", method="GET", headers={"Authorization": ""})[0] == 401


# real clients

RSYSLOG_ELASTIC = glob.glob("/usr/lib/*/rsyslog/omelasticsearch.so")
RSYSLOG_CONF = """
module(load="imtcp") module(load="omelasticsearch")
input(type="imtcp" port="{port}" address="127.0.0.1")
template(name="document" type="list" option.jsonf="on") {{
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="service" name="app-name" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}}
action(type="omelasticsearch" server="127.0.0.1" serverport="{http_port}" bulkmode="on" uid="siftd" pwd="{key}"
  searchIndex="logs" searchType="" template="document")
"""


@pytest.mark.skipif(not RSYSLOG_ELASTIC, reason="rsyslog-elasticsearch is not installed")
def test_rsyslog(shared, shipper, tmp_path):
    port = harness.free_port()
    conf = tmp_path / "rsyslog.conf"
    conf.write_text(RSYSLOG_CONF.format(port=port, http_port=shared.http_port, key=shipper.key))
    rsyslog = subprocess.Popen(["/usr/sbin/rsyslogd", "-n", "-f", conf, "-i", tmp_path / "pid"], stderr=subprocess.DEVNULL)
    try:
        harness.wait_until(lambda: connects(port), 10, "rsyslog")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for n in range(500):
                connection.sendall(f"<11>Jan  5 08:00:{n % 60:02d} web-1 cart[17]: payment {n} refused\n".encode())
        harness.wait_until(lambda: shared.client.total(shared.scope) and any(
            item["name"] == shipper.name for item in shared.client.get(f"{shared.scope}/ingestions")["items"]), 20, "a push")
        shared.client.wait_total(shipper.ingestion(), 500)
    finally:
        rsyslog.terminate()
        rsyslog.wait(10)
    event = next(iter(shared.client.events(shipper.ingestion())))
    assert (event["level"], event["service"], event["host"]) == ("ERROR", "cart", "web-1")


def connects(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_client_of_elasticsearch(shared, shipper):
    elasticsearch = pytest.importorskip("elasticsearch", reason="python3-elasticsearch is not installed")
    helpers = pytest.importorskip("elasticsearch.helpers")
    client = elasticsearch.Elasticsearch([f"http://127.0.0.1:{shared.http_port}"], api_key=("siftd", shipper.key))
    documents = ({"_index": "app", "_source": {"message": f"ERROR cart: refused {n}"}} for n in range(1200))
    assert helpers.bulk(client, documents) == (1200, [])
    assert client.index(index="one", document={"message": "WARN x"})["result"] == "created"
    shared.client.wait_total(shipper.ingestion(), 1201)
