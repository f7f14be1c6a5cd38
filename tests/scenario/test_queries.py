"""test_queries.py - what queries answer is what a scan of the input finds, and what bounds them"""
import collections
import csv
import datetime
import io
import json
import os
import random
import re
import socket
import subprocess
import time

import harness
import pytest

LEVELS = ["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"]
SERVICES = ["billing", "search", "gate-way", "auth"]
# young enough that its minutes are not rolled up to hours
EPOCH = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0) - datetime.timedelta(days=1)
# plain characters to a search, whatever they are to SQL or to patterns
WORDS = ["payment 100% done", "a_b_c renamed", "Verbindung überlebt", "ИМЯ не найдено", "cache\\miss [x]", "Timeout after",
         "user = 'x'; --", "tab\there", "KELVIN \u212a", "straße"]
# a few of each in a block: they are looked for among its rare events
RARE = ["certificate expired", "disk quota of the tenant nearly used up", "leader lost, electing", "checksum mismatch in page",
        "licence ends soon", "clock went backwards by far too much", "replica fell behind the log", "swap is full"]
Row = collections.namedtuple("Row", "time level service message line")


def stamp(time_):
    return time_.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_row(dice, number):
    time_ = EPOCH + datetime.timedelta(milliseconds=dice.randrange(4 * 3600 * 1000))
    level, service = dice.choice(LEVELS), dice.choice(SERVICES)
    words = dice.choice(RARE if dice.randrange(60) == 0 else WORDS)
    message = f"{words} order {dice.randrange(10**6):06d} of host-{dice.randrange(9)} n{number}"
    host = f'"host":"h{number % 7}",' if number % 9 else ""
    line = f'{{"ts":"{stamp(time_)}","level":"{level}","service":"{service}",{host}' \
           f'"message":{json.dumps(message, ensure_ascii=False)}}}'
    return Row(time_, level, service, message, line)


def ascii_lower(text):
    return re.sub("[A-Z]", lambda m: m.group().lower(), text)


class Wanted:
    """random filters, and by a rule of its own whether a row is wanted"""

    def __init__(self, dice, rows, keys):
        self.query = {}
        self.tests = []
        for part in dice.sample([self.levels, self.service, self.time, self.text, self.pattern, self.key],
                                dice.randrange(4)):
            part(dice, rows, keys)

    def add(self, test, **query):
        self.tests.append(test)
        self.query.update(query)

    def levels(self, dice, rows, keys):
        wanted = dice.sample(LEVELS, dice.randrange(1, 4))
        self.add(lambda row: row.level in wanted, levels=",".join(wanted).lower())

    def service(self, dice, rows, keys):
        wanted = dice.choice(SERVICES + ["unknown"])
        self.add(lambda row: row.service == wanted, service=wanted)

    def time(self, dice, rows, keys):
        begin, end = sorted(dice.choice(rows).time for _ in range(2))
        self.add(lambda row: begin <= row.time <= end, ts_from=stamp(begin), ts_to=stamp(end))

    def text(self, dice, rows, keys):
        if "q" in self.query:
            return
        line = dice.choice(rows).line
        at = dice.randrange(len(line))
        wanted = line[at:at + dice.choice([1, 2, 3, 5, 9, 20])]
        wanted = dice.choice([str, ascii_lower])(wanted)
        self.add(lambda row: ascii_lower(wanted) in ascii_lower(row.line), q=wanted)

    def pattern(self, dice, rows, keys):
        if "q" in self.query:
            return
        pattern = dice.choice([r"order 00\d+ of", r"n\d*7\b", r"(überlebt|не найдено)", r"a_b.c +renamed", r"host-[135] n\d{2}\D",
                               r"\[x\]", r"^\{.ts", r"100% *done order \d*9 "])
        self.add(lambda row: re.search(pattern, row.line, re.I) is not None, q=pattern, q_mode="regex")

    def key(self, dice, rows, keys):
        wanted = dice.choice(sorted(set(keys.values())))
        self.add(lambda row: keys.get(row.line) == wanted, fingerprint=wanted)

    def of(self, rows):
        return [row.line for row in rows if all(test(row) for test in self.tests)]


@pytest.fixture(scope="module")
def stored(shared):
    """an ingestion whose events come in several blocks, and the rows in it, by seq"""
    dice = random.Random(4711)
    ingestion = shared.client.new_ingestion(shared.scope, "queries", "upload")
    rows = []
    for size in (1, 700, 3000, 40, 900):
        part = [make_row(dice, len(rows) + n) for n in range(size)]
        rows += part
        shared.client.upload(ingestion, "".join(row.line + "\n" for row in part).encode())
        # what one lane has stored stays before what comes later
        shared.client.wait_total(ingestion, len(rows))
    events = list(shared.client.events(ingestion, order="asc", raw="true"))
    assert sorted(event["raw"] for event in events) == sorted(row.line for row in rows)
    by_line = {row.line: row for row in rows}
    keys = {event["raw"]: event["fingerprint"] for event in events}
    return shared, ingestion, [by_line[event["raw"]] for event in events], keys


def paged(client, path, dice, query):
    query, found = dict(query), []
    while True:
        page = client.get(path, limit=dice.choice([1, 7, 100, 500]) if len(found) < 40 else 500, **query)
        found += [item["raw"] for item in page["items"]]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


def test_queries_find_what_a_scan_finds(stored):
    shared, ingestion, rows, keys = stored
    dice = random.Random(1)
    hits = 0
    for _ in range(150):
        wanted = Wanted(dice, rows, keys)
        expected = wanted.of(rows)
        order = dice.choice(["asc", "desc"])
        found = paged(shared.client, f"{ingestion}/events", dice, {**wanted.query, "order": order, "raw": "true"})
        assert found == (expected if order == "asc" else expected[::-1]), wanted.query
        hits += len(expected) > 0
    assert hits > 60


def test_counts_agree_with_a_scan(stored):
    shared, ingestion, rows, keys = stored
    dice = random.Random(2)
    for number in range(60):
        wanted = Wanted(dice, rows, keys)
        for bound in ("ts_from", "ts_to"):
            wanted.query.pop(bound, None)
        # ranges of counts are whole minutes
        wanted.tests = [test for test in wanted.tests if "begin" not in test.__code__.co_freevars]
        lines = set(wanted.of(rows))
        expected = [row for row in rows if row.line in lines]
        histogram = shared.client.get(f"{ingestion}/events/histogram", interval=["1m", "15m", "1h", "1d"][number % 4],
                                      **wanted.query)
        width = histogram["interval_s"]
        by_time = collections.Counter(
            (int(row.time.timestamp()) // width * width, row.level) for row in expected)
        found = {(int(datetime.datetime.fromisoformat(bucket["ts"][:19] + "+00:00").timestamp()), level): n
                 for bucket in histogram["buckets"] for level, n in bucket["levels"].items()}
        assert found == dict(by_time), wanted.query
        assert histogram["total"] == len(expected) == sum(bucket["count"] for bucket in histogram["buckets"])
        # hosts are read from the blocks, or from what the blocks say of theirs; the rest from the tables
        fields = "level,service,group" + (",host" if number % 2 else "")
        facets = shared.client.get(f"{ingestion}/events/facets", fields=fields, limit=100, **wanted.query)
        assert facets["total"] == len(expected)
        for name in ("level", "service"):
            assert {item["value"]: item["count"] for item in facets[name]} == \
                dict(collections.Counter(getattr(row, name) for row in expected)), wanted.query
        assert sum(item["count"] for item in facets["group"]) == len(expected)
        if number % 2:
            assert {item["value"]: item["count"] for item in facets["host"]} == \
                dict(collections.Counter(json.loads(row.line).get("host") for row in expected)), wanted.query


def test_export_is_the_events(stored):
    shared, ingestion, rows, keys = stored
    dice = random.Random(3)
    for number in range(12):
        wanted = Wanted(dice, rows, keys) if number > 0 else None
        query = wanted.query if wanted else {}
        expected = wanted.of(rows) if wanted else [row.line for row in rows]
        path = f"{ingestion}/events/export?" + harness.urllib.parse.urlencode({**query, "order": "asc"})
        lines = shared.client.request("GET", path)[2].splitlines()
        assert [json.loads(line)["raw"] for line in lines] == expected, query
        text = shared.client.request("GET", path + "&format=csv")[2].decode()
        assert [row["raw"] for row in csv.DictReader(io.StringIO(text, newline=""))] == expected, query
    assert len(shared.client.request("GET", f"{ingestion}/events/export?limit=2345")[2].splitlines()) == 2345


class Reader:
    """follows the cursors of one order, one page at a time, up to the first page that says it is the last"""

    def __init__(self, client, ingestion, order):
        self.client, self.path, self.order = client, f"{ingestion}/events", order
        self.query, self.seqs, self.ended = {"order": order, "limit": 50}, [], False

    def read(self):
        page = self.client.get(self.path, **self.query)
        self.seqs += [item["seq"] for item in page["items"]]
        self.ended = len(self.seqs) > 0 and not page["has_more"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if page["has_more"]:
            self.query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("there", [0, 400])
def test_pages_stay_right_while_rows_arrive(shared, there):
    """newest first ends with what the first page found, which may be read long before the last rows arrive"""
    dice = random.Random(5)
    ingestion = shared.client.new_ingestion(shared.scope, f"arriving-{there}", "upload")
    lines = [make_row(dice, n).line for n in range(6000)]
    readers = [Reader(shared.client, ingestion, order) for order in ("asc", "desc")]
    for begin in range(0, len(lines), 400):
        shared.client.upload(ingestion, ("\n".join(lines[begin:begin + 400]) + "\n").encode())
        if begin + 400 == there:
            shared.client.wait_total(ingestion, there)
        for reader in readers:
            if begin + 400 >= there and not reader.ended:
                reader.read()
    shared.client.wait_total(ingestion, len(lines))
    everything = [event["seq"] for event in shared.client.events(ingestion, order="asc")]
    assert len(everything) == len(set(everything)) == len(lines)
    for reader in readers:
        # oldest first ends where the stored rows ended for a moment
        ended_early = reader.ended
        reader.query["limit"] = 500
        while not reader.ended:
            reader.read()
        expected = everything[:len(reader.seqs)] if ended_early and reader.order == "asc" else everything
        if reader.order == "desc":
            expected = [seq for seq in reversed(everything) if seq <= reader.seqs[0]]
        assert reader.seqs == expected, reader.order


def problem(client, path, **query):
    with pytest.raises(harness.HttpError) as error:
        client.get(path, **query)
    return error.value.status, json.loads(error.value.body)


@pytest.mark.parametrize("field,query", [
    ("q_mode", {"q": "a(b", "q_mode": "regex"}),
    ("q", {"q": r"(n+)+(n+)+(n+)+\d", "q_mode": "regex"}),
    ("q_mode", {"q": "x", "q_mode": "glob"}),
    ("levels", {"levels": "loud"}),
    ("ts_from", {"ts_from": "yesterday"}),
    ("cursor", {"cursor": "AAAA"}),
])
def test_wrong_questions(stored, field, query):
    shared, ingestion, _, _ = stored
    if "(n+)" in query.get("q", ""):
        ingestion = shared.client.new_ingestion(shared.scope, "costly")
        shared.client.paste(ingestion, "n" * 3000 + "\n")
        shared.client.wait_total(ingestion, 1)
    status, body = problem(shared.client, f"{ingestion}/events", **query)
    assert status == 422
    assert body["errors"][0]["field"] == field


def metric(client, name):
    text = client.request("GET", "//metrics")[2].decode()
    return int(re.search(rf"^{re.escape(name)} (\d+)$", text, re.M).group(1))


def slow_siftd(make_siftd, events, **query):
    """more than a pattern can go through in the time, on any machine"""
    siftd = make_siftd(query=query)
    siftd.config["http"]["query_workers"] = 1
    siftd.add_file_source()
    siftd.start()
    siftd.scope = siftd.client.default_scope()
    siftd.ingestion = siftd.client.new_ingestion(siftd.scope, "slow", "upload")
    line = "2026-03-01T08:00:00Z INFO bench: " + "ab" * 300
    siftd.client.upload(siftd.ingestion, "".join(f"{line} {n}\n" for n in range(events)).encode())
    siftd.client.wait_total(siftd.ingestion, events)
    return siftd


# tries each place of a long run to its end; no single letter tells that it is in vain
SLOW = r"(a|b)+\d$"


def test_time_limit(make_siftd):
    siftd = slow_siftd(make_siftd, 20000, time="300ms")
    begun = time.monotonic()
    page = siftd.client.get(f"{siftd.ingestion}/events", q=SLOW, q_mode="regex")
    assert time.monotonic() - begun < 10
    assert page["has_more"] and page["next_cursor"]
    assert metric(siftd.client, "siftd_queries_cut_total") >= 1
    found = list(siftd.client.events(siftd.ingestion, q=r" 1999\d$", q_mode="regex"))
    assert len(found) == 10
    status, body = problem(siftd.client, f"{siftd.ingestion}/events/histogram", q=SLOW, q_mode="regex")
    assert status == 503
    assert "shorter" in body["detail"]


def test_client_that_goes_away(make_siftd):
    """its worker stops: the next question does not wait"""
    siftd = slow_siftd(make_siftd, 30000, time="60s")
    path = f"/api/v1{siftd.ingestion}/events/histogram?" + harness.urllib.parse.urlencode(
        {"q": SLOW, "q_mode": "regex"})
    with socket.create_connection(("127.0.0.1", siftd.http_port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {siftd.client.token}\r\n\r\n".encode())
        harness.wait_until(lambda: metric(siftd.client, "siftd_query_jobs") == 1, 10, "a job runs", every_s=0.02)
    harness.wait_until(lambda: metric(siftd.client, 'siftd_queries_total{outcome="cancelled"}') == 1, 10, "cancelled")
    harness.wait_until(lambda: metric(siftd.client, "siftd_query_jobs") == 0, 5, "no job")
    assert metric(siftd.client, "siftd_queries_running") == 0
    assert len(siftd.client.get(f"{siftd.ingestion}/events", limit=5)["items"]) == 5


def test_slow_reader_of_an_export(make_siftd):
    """holds no more than a page, and does not hold others up"""
    siftd = slow_siftd(make_siftd, 60000)
    before = siftd.status_kb("VmRSS")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.connect(("127.0.0.1", siftd.http_port))
        client.sendall((f"GET /api/v1{siftd.ingestion}/events/export HTTP/1.1\r\nHost: x\r\n"
                        f"Authorization: Bearer {siftd.client.token}\r\n\r\n").encode())
        client.recv(100)
        time.sleep(2)
        assert siftd.status_kb("VmRSS") - before < 48 * 1024
        assert siftd.client.get(f"{siftd.ingestion}/events", limit=5)["items"]
    harness.wait_until(lambda: metric(siftd.client, "siftd_http_requests_open") == 1, 20, "the export ended")
    whole = siftd.client.request("GET", f"{siftd.ingestion}/events/export")[2]
    assert len(whole.splitlines()) == 60000


def export_command(siftd, *words):
    done = subprocess.run([siftd.binary, "export", "--config", os.path.join(siftd.directory, "siftd.yaml"), *words],
                          capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def test_export_command(make_siftd):
    """beside a daemon that runs, and from its embedded database when none does"""
    siftd = make_siftd()
    siftd.add_file_source()
    siftd.start()
    ingestion = siftd.client.new_ingestion(siftd.client.default_scope(), "export", "upload")
    dice = random.Random(6)
    rows = [make_row(dice, n) for n in range(5000)]
    siftd.client.upload(ingestion, "".join(row.line + "\n" for row in rows).encode())
    siftd.client.wait_total(ingestion, len(rows))
    errors = [row.line for row in rows if row.level == "ERROR" and "überlebt" in row.line]
    for _ in range(2):
        status, out, said = export_command(siftd, "--project", "default")
        assert status == 0, said
        assert [json.loads(line)["raw"] for line in out.splitlines()] == [row.line for row in rows]
        words = ("--project", "1", "--ingestion", ingestion.rsplit("/", 1)[1], "--levels", "error", "--q", "überlebt",
                 "--format", "csv")
        status, out, said = export_command(siftd, *words)
        assert status == 0, said
        assert [row["raw"] for row in csv.DictReader(io.StringIO(out.decode(), newline=""))] == errors
        if siftd.process.poll() is None:
            assert siftd.stop() == 0
    assert export_command(siftd, "--project", "default", "--limit", "7")[1].count(b"\n") == 7
    assert export_command(siftd, "--project", "nobody's")[0] == 1
    assert export_command(siftd)[0] == 2
    assert export_command(siftd, "--project", "default", "--levels", "loud")[0] == 2


def test_views(make_siftd, postgres):
    """agree with the interface, for a role that may read nothing else"""
    siftd = make_siftd(database={"url": postgres.url()})
    siftd.add_file_source()
    siftd.start()
    scope = siftd.client.default_scope()
    ingestion = siftd.client.new_ingestion(scope, "views", "upload")
    dice = random.Random(7)
    rows = [make_row(dice, n) for n in range(800)]
    siftd.client.upload(ingestion, "".join(row.line + "\n" for row in rows).encode())
    siftd.client.wait_total(ingestion, len(rows))
    postgres.sql("CREATE ROLE grafana LOGIN PASSWORD 'g'; GRANT USAGE ON SCHEMA siftd_views TO grafana;"
                 "GRANT SELECT ON ALL TABLES IN SCHEMA siftd_views TO grafana", database="siftd")

    def ask(text):
        return postgres.sql(text, url=postgres.url().replace("siftd:", "grafana:", 1).replace(
            harness.urllib.parse.quote(postgres.PASSWORD), "g"))

    expected = sorted(collections.Counter((row.level, row.service) for row in rows).items())
    for view in ("event_counts_by_minute", "event_counts_by_hour", "event_counts_by_day", "group_counts"):
        found = ask(f"SELECT level, service, sum(count) FROM siftd_views.{view} GROUP BY 1, 2 ORDER BY 1, 2")
        assert [tuple(line.split("|")) for line in found.splitlines()] == \
            [(level, service, str(n)) for (level, service), n in expected], view
    groups = {str(group["id"]): str(group["count"]) for group in siftd.client.groups(scope)}
    found = ask("SELECT group_id, events FROM siftd_views.groups")
    assert dict(line.split("|") for line in found.splitlines()) == groups
    for view in ("projects", "ingestions", "findings", "sources"):
        ask(f"SELECT * FROM siftd_views.{view}")
    with pytest.raises(subprocess.CalledProcessError):
        ask("SELECT count(*) FROM siftd.event_blocks")


def test_answers_are_kept_until_a_commit(make_siftd, postgres):
    """what was said is said again, but never once anybody has changed what it says, or its time has come"""
    siftd = make_siftd(database={"url": postgres.url()})
    siftd.add_file_source()
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()
    ingestion = client.new_ingestion(scope, "kept")
    client.paste(ingestion, "".join(f"2026-03-01T08:00:0{n}Z ERROR shop: java.lang.OutOfMemoryError: Java heap space\n"
                                    for n in range(3)))
    client.wait_total(ingestion, 3)
    harness.wait_until(lambda: client.get(f"{scope}/findings")["items"], 20, "a finding")

    def hits():
        return metric(client, "siftd_kept_answers_hits_total")

    before = hits()
    answers = {path: client.get(scope + path) for path in
               ("/groups", "/findings", "/overview", "/events?limit=2", "/events/facets", "/events/histogram?interval=1h")}
    for _ in range(20):
        for path, answer in answers.items():
            assert client.get(scope + path) == answer
    assert hits() - before > 60
    # one that siftd does not know of
    postgres.sql("UPDATE siftd.findings SET title = 'Changed'; UPDATE siftd.groups SET status = 'resolved'", "siftd")
    assert client.get(f"{scope}/findings")["items"][0]["title"] == "Changed"
    assert {group["status"] for group in client.get(f"{scope}/groups")["items"]} == {"resolved"}
    # with nothing committed, a mute ends by itself
    rule = client.get(f"{scope}/findings")["items"][0]["rule"]
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    mute = client.post(f"{scope}/mutes", {"rule": rule, "ends_at": stamp(end)})
    while datetime.datetime.now(datetime.timezone.utc) < end - datetime.timedelta(seconds=0.3):
        assert client.get(f"{scope}/findings")["items"][0]["muted_by"] == mute["id"]
        time.sleep(0.1)
    time.sleep(0.6)
    assert client.get(f"{scope}/findings")["items"][0]["muted_by"] is None
