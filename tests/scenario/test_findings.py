"""test_findings.py - what becomes of findings: episodes, triage, mutes"""
import datetime
import hashlib
import hmac
import http.server
import itertools
import json
import os
import random
import shutil
import threading

import harness
import pytest
from finding_history import WINDOWS, facts, history, line

numbers = itertools.count()


class Receiver(http.server.ThreadingHTTPServer):
    """keeps what it is sent; answers with the statuses it was given, then with 200"""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.statuses = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path="/in?token=very-secret"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def wait(self, count, seconds=20):
        harness.wait_until(lambda: len(self.got) >= count, seconds, lambda: f"{count} messages, got {self.got}")
        return self.got


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def shared():
    """one siftd that looks often for what is to be told, lets a test ask much, and has a rule for each window"""
    siftd = harness.Siftd(notify={"interval": "200ms", "attempts_max": 3, "public_url": "https://siftd.example"})
    siftd.config["http"].update(writes_per_minute=10000, reads_per_minute=100000)
    siftd.config["rules_dir"] = os.path.join(siftd.directory, "rules")
    shutil.copytree(os.path.join(harness.TOP, "conf/rules"), siftd.config["rules_dir"])
    with open(os.path.join(siftd.config["rules_dir"], "windows.yaml"), "w", encoding="utf-8") as file:
        file.write(WINDOWS)
    siftd.add_file_source()
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
        assert siftd.stop() == 0
    finally:
        siftd.cleanup()


def at(seconds):
    """a time so many seconds from now"""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_project(shared):
    org = shared.scope.rsplit("/projects/", 1)[0]
    made = shared.client.post(f"{org}/projects", {"name": f"p{next(numbers)}"})
    return f"{org}/projects/{made['id']}"


def feed(client, scope, lines):
    before = client.total(scope)
    ingestion = client.new_ingestion(scope, "findings")
    client.paste(ingestion, "".join(line + "\n" for line in lines))
    client.wait_total(scope, before + len(lines))
    return ingestion


def full(seconds, service="db"):
    return f"{at(seconds)} ERROR {service}: write failed: no space left on device"


def finding(client, scope, rule="disk_full"):
    found = [item for item in client.pages(f"{scope}/findings") if item["rule"] == rule]
    assert len(found) == 1, found
    return client.get(f"{scope}/findings/{found[0]['id']}")


def patch(client, path, **body):
    return json.loads(client.request("PATCH", path, body)[2])


def status_of(call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except harness.HttpError as error:
        return error.status
    return 200


def test_episodes(shared):
    client, scope = shared.client, new_project(shared)
    feed(client, scope, [full(-7200 * n) for n in range(4, 1, -1)])
    detail = finding(client, scope)
    assert [episode["total"] for episode in detail["episodes"]] == [1, 1, 1]
    assert not detail["finding"]["active"] and detail["finding"]["episodes"] == 3
    # between two of them, half an hour from each: they are one
    feed(client, scope, [full(-7200 * 3 + 3000), full(-7200 * 2 - 3000)])
    detail = finding(client, scope)
    assert [episode["total"] for episode in detail["episodes"]] == [4, 1]
    feed(client, scope, [full(-10), full(0)])
    detail = finding(client, scope)
    assert [(episode["total"], episode["active"]) for episode in detail["episodes"]] == [
        (2, True), (4, False), (1, False)]
    assert detail["finding"]["active"] and detail["finding"]["services"] == ["db"]
    assert sum(episode["total"] for episode in detail["episodes"]) == detail["finding"]["total_occurrences"]


def test_episodes_of_windows(shared):
    """three refused logins a minute make ssh_brute_force's window; two hours apart are two episodes"""
    client, scope = shared.client, new_project(shared)

    def burst(offset, count):
        return [f"{at(offset + n)} sshd[42]: Failed password for root from 10.0.0.9 port 22 ssh2" for n in range(count)]

    feed(client, scope, burst(-9000, 30))
    feed(client, scope, burst(-60, 30))
    detail = finding(client, scope, "ssh_brute_force")
    assert [episode["total"] for episode in detail["episodes"]] == [30, 30]
    assert detail["episodes"][0]["active"] and not detail["episodes"][1]["active"]


def test_triage(shared):
    client, scope = shared.client, new_project(shared)
    feed(client, scope, [full(-5)])
    path = f"{scope}/findings/{finding(client, scope)['finding']['id']}"
    changed = patch(client, path, status="acknowledged", note="looking")
    assert (changed["status"], changed["note"]) == ("acknowledged", "looking")
    feed(client, scope, [full(-4)])
    detail = client.get(path)
    assert detail["finding"]["status"] == "acknowledged"
    assert detail["triage"]["note"] == "looking" and detail["triage"]["by"] and detail["triage"]["at"]
    patch(client, path, status="resolved")
    feed(client, scope, [full(-3)])
    assert client.get(path)["finding"]["status"] == "regressed"
    assert [item["status"] for item in client.pages(f"{scope}/findings", status="regressed")] == ["regressed"]
    until = at(3600)
    assert patch(client, path, status="muted", until=until)["muted_until"] == until
    feed(client, scope, [full(-2)])
    assert client.get(path)["finding"]["status"] == "muted"
    for wrong in ({"status": "regressed"}, {"status": "open", "until": until}, {"status": "muted", "until": "soon"}):
        assert status_of(patch, client, path, **wrong) == 422
    assert status_of(patch, client, f"{scope}/findings/999999999", status="open") == 404


def test_groups_regress(shared):
    client, scope = shared.client, new_project(shared)
    feed(client, scope, [full(-5)])
    group = next(iter(client.groups(scope)))
    path = f"{scope}/groups/{group['fingerprint']}"
    assert patch(client, path, status="resolved")["status"] == "resolved"
    feed(client, scope, [full(-4)])
    assert next(iter(client.groups(scope)))["status"] == "regressed"
    until = at(3600)
    assert patch(client, path, status="muted", until=until)["muted_until"] == until


def test_mutes(shared):
    client, scope = shared.client, new_project(shared)
    feed(client, scope, [full(-5)])
    made = client.post(f"{scope}/mutes", {"rule": "disk_full", "service": "db", "reason": "being grown"})
    assert made["active"] and made["rule"] == "disk_full"
    assert finding(client, scope)["finding"]["muted_by"] == made["id"]
    # now it is more than that service's
    feed(client, scope, [full(-4, "web")])
    assert finding(client, scope)["finding"]["muted_by"] is None
    later = client.post(f"{scope}/mutes", {"starts_at": at(3600), "ends_at": at(7200)})
    assert not later["active"]
    assert finding(client, scope)["finding"]["muted_by"] is None
    maintenance = client.post(f"{scope}/mutes", {"ends_at": at(7200)})
    assert finding(client, scope)["finding"]["muted_by"] == maintenance["id"]
    assert [mute["id"] for mute in client.pages(f"{scope}/mutes")] == [maintenance["id"], later["id"], made["id"]]
    client.request("DELETE", f"{scope}/mutes/{maintenance['id']}")
    assert finding(client, scope)["finding"]["muted_by"] is None
    for wrong in ({}, {"rule": "x", "ends_at": "never"}, {"starts_at": at(9), "ends_at": at(8)}, {"group": 999999999}):
        assert status_of(client.post, f"{scope}/mutes", wrong) == 422, wrong
    assert status_of(client.request, "DELETE", f"{scope}/mutes/{maintenance['id']}") == 404


def channel(client, scope, kind, url, **more):
    return client.post(f"{scope}/channels", {"name": f"c{next(numbers)}", "kind": kind, "url": url, **more})


def test_webhook(shared, receiver):
    client, scope = shared.client, new_project(shared)
    made = channel(client, scope, "webhook", receiver.url(), secret="a shared secret")
    assert "secret" not in made and made["has_secret"]
    feed(client, scope, [full(-5), full(-4, "web")])
    path, headers, body = receiver.wait(1)[0]
    assert path == "/in?token=very-secret"
    parts = dict(part.split("=") for part in headers["X-Siftd-Signature"].split(","))
    signed = hmac.new(b"a shared secret", parts["t"].encode() + b"." + body, hashlib.sha256)
    assert hmac.compare_digest(parts["v1"], signed.hexdigest())
    word, = json.loads(body)["notifications"]
    assert (word["kind"], word["rule"], word["occurrences"], word["services"]) == ("opened", "disk_full", 2, ["db", "web"])
    assert word["link"].startswith("https://siftd.example/orgs/") and headers["X-Siftd-Delivery"] == word["id"]
    # it grows: nothing new to tell; it is resolved: told to be over; it comes back: told again
    found = f"{scope}/findings/{word['finding']}"
    feed(client, scope, [full(-3)])
    patch(client, found, status="resolved")
    closed, = json.loads(receiver.wait(2)[1][2])["notifications"]
    assert (closed["kind"], closed["occurrences"]) == ("closed", 3)
    feed(client, scope, [full(-2)])
    again, = json.loads(receiver.wait(3)[2][2])["notifications"]
    assert again["kind"] == "opened" and again["regressed"] and again["id"] != word["id"]
    assert len(receiver.got) == 3
    shown = client.get(f"{scope}/channels/{made['id']}")
    assert (shown["sent"], shown["waiting"], len(shown["deliveries"])) == (3, 0, 3)
    # neither the secret nor the URL's path is shown or logged
    for text in (json.dumps(shown), json.dumps(client.get(f"{scope}/channels")), shared.stderr()):
        assert "a shared secret" not in text and "very-secret" not in text


def test_other_receivers(shared, receiver):
    client, scope = shared.client, new_project(shared)
    channel(client, scope, "slack", receiver.url("/slack"))
    channel(client, scope, "alertmanager", receiver.url(""), secret="bearer-token")
    channel(client, scope, "pagerduty", receiver.url("/pagerduty"), secret="routing-key")
    feed(client, scope, [full(-5)])
    got = {path: (headers, json.loads(body)) for path, headers, body in receiver.wait(3)}
    assert "[HIGH] A disk or quota is full" in got["/slack"][1]["text"]
    assert "<https://siftd.example/orgs/" in got["/slack"][1]["text"]
    headers, alerts = got["/api/v2/alerts"]
    assert headers["Authorization"] == "Bearer bearer-token"
    assert alerts[0]["labels"]["alertname"] == "disk_full" and alerts[0]["labels"]["severity"] == "high"
    assert alerts[0]["startsAt"] < alerts[0]["endsAt"]
    event = got["/pagerduty"][1]
    assert (event["routing_key"], event["event_action"]) == ("routing-key", "trigger")
    assert event["payload"]["severity"] == "error" and event["payload"]["component"] == "db"
    patch(client, f"{scope}/findings/{finding(client, scope)['finding']['id']}", status="resolved")
    over = {path: json.loads(body) for path, _, body in receiver.wait(6)[3:]}
    assert over["/pagerduty"]["event_action"] == "resolve"
    assert over["/pagerduty"]["dedup_key"] == event["dedup_key"]
    assert over["/api/v2/alerts"][0]["labels"] == alerts[0]["labels"]
    assert over["/slack"]["text"].startswith("*Over: ")


def test_nothing_is_told_twice_or_of_old(shared, receiver):
    client, scope = shared.client, new_project(shared)
    channel(client, scope, "webhook", receiver.url(), severity_min="CRIT")
    channel(client, scope, "webhook", receiver.url())
    feed(client, scope, [full(-90000)])
    client.post(f"{scope}/mutes", {"rule": "disk_full", "host": "h1"})
    client.post(f"{scope}/mutes", {"service": "db"})
    feed(client, scope, [full(-5)])
    group = next(iter(client.groups(scope)))
    assert finding(client, scope)["finding"]["total_occurrences"] == 2
    client.post(f"{scope}/channels/{client.get(f'{scope}/channels')['items'][1]['id']}/test", {})
    assert json.loads(receiver.wait(1)[0][2])["notifications"][0]["kind"] == "test"
    # another service is not muted, but its group is
    patch(client, f"{scope}/groups/{group['id']}", status="muted")
    feed(client, scope, [full(-4, "web")])
    patch(client, f"{scope}/groups/{group['id']}", status="open")
    feed(client, scope, [full(-3, "web")])
    word, = json.loads(receiver.wait(2)[1][2])["notifications"]
    assert word["kind"] == "opened" and word["occurrences"] == 3
    assert len(receiver.got) == 2


def test_retries_end(shared, receiver):
    """a passing failure is tried again, in order; a refusal is not"""
    client, scope = shared.client, new_project(shared)
    made = channel(client, scope, "webhook", receiver.url())
    receiver.statuses = [503]
    client.post(f"{scope}/channels/{made['id']}/test", {})
    first, second = receiver.wait(2)[:2]
    assert first[2] == second[2] and first[1]["X-Siftd-Delivery"] == second[1]["X-Siftd-Delivery"]
    receiver.statuses = [404]
    client.post(f"{scope}/channels/{made['id']}/test", {})
    receiver.wait(3)
    harness.wait_until(lambda: client.get(f"{scope}/channels/{made['id']}")["failed"] == 1, 10, "given up")
    shown = client.get(f"{scope}/channels/{made['id']}")
    assert (shown["sent"], shown["last_status"], shown["last_error"]) == (1, 404, "HTTP 404")
    assert [item["state"] for item in shown["deliveries"]] == ["failed", "sent"]
    assert shown["deliveries"][1]["attempts"] == 2
    assert len(receiver.got) == 3


def test_digest_and_rate(shared, receiver):
    client, scope = shared.client, new_project(shared)
    made = channel(client, scope, "webhook", receiver.url(), digest_seconds=2, rate_max=1)
    for line in (full(-5), f"{at(-4)} ERROR app: OOMKilled: container exceeded its memory, exit code 137"):
        feed(client, scope, [line])
    words = json.loads(receiver.wait(1)[0][2])["notifications"]
    assert len(words) >= 2
    # the minute's only message was sent
    client.post(f"{scope}/channels/{made['id']}/test", {})
    assert client.get(f"{scope}/channels/{made['id']}")["waiting"] == 1
    assert len(receiver.got) == 1


def test_refused_addresses_and_wrong_channels(shared):
    client, scope = shared.client, new_project(shared)
    made = channel(client, scope, "webhook", "http://169.254.169.254/latest/meta-data")
    assert made["secret"].startswith("siftd_") and made["server"] == "169.254.169.254"
    client.post(f"{scope}/channels/{made['id']}/test", {})
    harness.wait_until(lambda: client.get(f"{scope}/channels/{made['id']}")["last_error"], 10, "an error")
    assert "link-local" in client.get(f"{scope}/channels/{made['id']}")["last_error"]
    assert "latest" not in shared.stderr()
    for wrong in ({"kind": "webhook", "url": "file:///etc/passwd"}, {"kind": "fax", "url": "http://x"},
                  {"kind": "pagerduty"}, {"kind": "webhook", "url": "http://x", "secret": "short"},
                  {"kind": "webhook", "url": "http://x", "rate_max": 0}):
        assert status_of(client.post, f"{scope}/channels", {"name": "x", **wrong}) == 422, wrong
    assert status_of(client.post, f"{scope}/channels", {"name": made["name"], "kind": "slack", "url": "http://x"}) == 409
    client.request("DELETE", f"{scope}/channels/{made['id']}")
    assert status_of(client.get, f"{scope}/channels/{made['id']}") == 404


def test_channels_lie_sealed(make_siftd, postgres, receiver):
    """in the database, from the first start with keys on, and under the newest of them"""
    siftd = make_siftd(database={"url": postgres.url()}, notify={"interval": "200ms", "attempts_max": 1})
    key_file = os.path.join(siftd.config["state_dir"], "channels.key")

    def stored():
        return postgres.sql("SELECT key_id, server, url, secret FROM siftd.channels ORDER BY id", database="siftd")

    def sent(count):
        siftd.client.post(f"{scope}/channels/{made['id']}/test", {})
        path, headers, body = receiver.wait(count)[-1]
        parts = dict(part.split("=") for part in headers["X-Siftd-Signature"].split(","))
        signed = hmac.new(b"a shared secret", parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        return path == "/in?token=very-secret" and parts["v1"] == signed

    siftd.add_file_source()
    siftd.start()
    scope = siftd.client.default_scope()
    made = channel(siftd.client, scope, "webhook", receiver.url(), secret="a shared secret")
    first = stored()
    assert receiver.url("").removeprefix("http://") in str(first)
    assert "secret" not in str(first) and os.stat(key_file).st_mode & 0o777 == 0o600
    assert sent(1)
    assert siftd.stop() == 0
    # what an older version stored, and a new key in front of the old one
    postgres.sql("INSERT INTO siftd.channels (project_id, name, kind, url, secret) SELECT project_id, 'old', kind,"
                 " 'http://old.example/token', 'an old secret' FROM siftd.channels", database="siftd")
    with open(key_file, encoding="ascii") as file:
        old_key = file.read()
    with open(key_file, "w", encoding="ascii") as file:
        file.write("ab" * 32 + "\n" + old_key)
    siftd.start()
    again = stored()
    assert "old.example" in str(again) and "secret" not in str(again) and "token" not in str(again)
    assert str(first).split("|")[0] not in str(again)
    assert sent(2)
    assert siftd.stop() == 0
    # without its key a channel says what is wrong, and tells nobody
    os.unlink(key_file)
    siftd.start()
    siftd.client.post(f"{scope}/channels/{made['id']}/test", {})
    harness.wait_until(lambda: siftd.client.get(f"{scope}/channels/{made['id']}")["last_error"], 10, "an error")
    assert "key file" in siftd.client.get(f"{scope}/channels/{made['id']}")["last_error"]
    assert len(receiver.got) == 2 and "channels=2" in siftd.stderr()
    siftd.client.request("DELETE", f"{scope}/channels/{made['id']}")
    # who did it is on record
    org = scope.split("/projects/")[0]
    assert {row["action"] for row in siftd.client.get(f"{org}/audit")["items"]} >= {"channel.create", "channel.delete"}


def test_private_addresses(make_siftd, receiver):
    siftd = make_siftd(notify={"interval": "200ms", "attempts_max": 1, "private_networks": "refuse"})
    siftd.add_file_source()
    siftd.start()
    scope = siftd.client.default_scope()
    made = channel(siftd.client, scope, "slack", receiver.url().replace("127.0.0.1", "localhost"))
    siftd.client.post(f"{scope}/channels/{made['id']}/test", {})
    harness.wait_until(lambda: siftd.client.get(f"{scope}/channels/{made['id']}")["last_error"], 10, "an error")
    assert "private" in siftd.client.get(f"{scope}/channels/{made['id']}")["last_error"]
    assert not receiver.got


def test_mutes_end(shared):
    client, scope = shared.client, new_project(shared)
    feed(client, scope, [full(-5)])
    path = f"{scope}/findings/{finding(client, scope)['finding']['id']}"
    group = f"{scope}/groups/{next(iter(client.groups(scope)))['id']}"
    for what in (path, group):
        patch(client, what, status="muted", until=at(1))
    harness.wait_until(lambda: client.get(path)["finding"]["status"] == "open", 10, "the mute's end")
    harness.wait_until(lambda: client.get(group)["group"]["status"] == "open", 10, "the mute's end")


def test_windows(shared):
    client, scope = shared.client, new_project(shared)
    feed(client, scope, history())
    found = facts(client, scope)
    times = {key: [(first[11:19], last[11:19]) for first, last, _ in value[5]] for key, value in found.items()}
    totals = {key: [total for _, _, total in value[5]] for key, value in found.items()}
    assert times.pop(("w_spike", "")) == [("00:30:00", "00:30:30")], times
    assert times.pop(("w_ratio", "api")) == [("00:09:00", "00:13:10")], times
    assert times.pop(("w_values", "")) == [("00:01:40", "00:02:00")], times
    assert times.pop(("w_sequence", "h1")) == [("00:00:50", "00:01:25")], times
    (new, moments), = [(key, times.pop(key)) for key in list(times) if key[0] == "w_new"]
    assert moments == [("01:56:40", "01:56:40")] and totals[new] == [1]
    assert times.pop(("w_silence", "halting")) == [("00:29:35", "00:45:00")], times
    assert times.pop(("w_silence", "dying")) == [("00:49:35", "01:59:10")], times
    assert not times


def test_findings_do_not_depend_on_batches(shared):
    """any order, any parts: the same findings"""
    client = shared.client
    lines = history()
    expected = None
    for seed in range(3):
        scope = new_project(shared)
        rng = random.Random(seed)
        if seed > 0:
            rng.shuffle(lines)
        before = 0
        while before < len(lines):
            count = len(lines) if seed == 0 else rng.choice([7, 60, 300])
            feed(client, scope, lines[before:before + count])
            before += count
        found = facts(client, scope)
        expected = expected or found
        assert found == expected


OWN = """id: own_teapot
title: A teapot answered
severity: MED
confidence: 0.7
window: {type: threshold, count: 3, within: 1m}
group_by: service
match: {message: {words: short and stout}}
tests:
  should: ['2026-01-05T08:00:00Z INFO tea: I am short and stout']
  should_not: ['2026-01-05T08:00:00Z INFO tea: I am tall']
"""


def rules_swapped(client):
    text = client.request("GET", "//metrics")[2].decode()
    return int(next(row.split()[1] for row in text.splitlines() if row.startswith("siftd_rules_swaps_total")))


def test_own_rules(shared):
    client, scope = shared.client, new_project(shared)
    teapots = [line(n, "I am short and stout", "tea") for n in range(3)] + [line(3, "I am short and stout", "urn")]
    feed(client, scope, teapots)
    assert not facts(client, scope)
    tried = client.post(f"{scope}/rules/test", {"source": OWN, "text": "\n".join(teapots) + "\n"})
    assert (tried["records"], tried["matching"], tried["matches"][3]["line"]) == (4, 4, 4)
    assert [(found["key"], found["fires"], found["peak"]) for found in tried["findings"]] == [
        ("tea", True, 3), ("urn", False, 1)]
    swaps = rules_swapped(client)
    made = client.post(f"{scope}/rules", {"source": OWN})
    assert (made["id"], made["origin"], made["window"], made["source"]) == ("own_teapot", "project", "threshold", OWN)
    harness.wait_until(lambda: rules_swapped(client) > swaps, 30, "the rule is judged by")
    feed(client, scope, teapots + [full(-5)])
    found = facts(client, scope)
    assert set(found) == {("own_teapot", "tea"), ("disk_full", "")} and found["own_teapot", "tea"][1] == 3
    listed = {rule["id"]: rule["origin"] for rule in client.get(f"{scope}/rules")["items"]}
    assert listed["own_teapot"] == "project" and listed["disk_full"] == "shipped" and len(listed) > 120
    assert client.get(f"{scope}/rules/disk_full")["first_checks"]
    # no other project has it
    assert status_of(client.get, f"{shared.scope}/rules/own_teapot") == 404
    put = json.loads(client.request("PUT", f"{scope}/rules/own_teapot", {"source": OWN.replace("MED", "LOW")})[2])
    assert put["severity"] == "LOW"
    harness.wait_until(lambda: rules_swapped(client) == swaps + 2, 30, "the new rule is judged by")
    client.request("DELETE", f"{scope}/rules/own_teapot")
    harness.wait_until(lambda: rules_swapped(client) == swaps + 3, 30, "the rule is gone")
    feed(client, scope, teapots)
    assert facts(client, scope)["own_teapot", "tea"][1] == 3


def test_wrong_rules(shared):
    client, scope = shared.client, new_project(shared)

    def refused(source, verb="rules", **more):
        with pytest.raises(harness.HttpError) as error:
            client.post(f"{scope}/{verb}", {"source": source, **more})
        assert error.value.status == 422
        return json.loads(error.value.body)["errors"][0]["detail"]

    assert refused(OWN.replace("severity", "severty")).startswith('rule:3:1: unknown key "severty", did you mean "severity"')
    assert "its own case fails" in refused(OWN.replace("stout'", "thin'"))
    assert "one document is one rule" in refused(OWN + "---\n" + OWN)
    assert "rule:2:1:" in refused("id: [", "rules/test", text="x")
    assert "came with siftd" in refused(OWN.replace("own_teapot", "disk_full"))
    client.post(f"{scope}/rules", {"source": OWN})
    assert status_of(client.post, f"{scope}/rules", {"source": OWN}) == 409
    for wrong in ("own_kettle", "disk_full"):
        assert status_of(client.request, "PUT", f"{scope}/rules/{wrong}", {"source": OWN}) in (404, 422)


OCCURRENCES = [
    # days, from, to, zone, the moment, what comes next or runs
    (127, "22:00", "02:00", "UTC", "2026-03-10 23:00Z", "2026-03-10 22:00:00|2026-03-11 02:00:00"),
    (127, "22:00", "02:00", "UTC", "2026-03-10 01:00Z", "2026-03-09 22:00:00|2026-03-10 02:00:00"),
    (127, "22:00", "02:00", "UTC", "2026-03-10 02:00Z", "2026-03-10 22:00:00|2026-03-11 02:00:00"),
    # sundays; the one on which the hour from 2 to 3 is left out has none
    (64, "02:00", "03:00", "Europe/Berlin", "2026-03-23 12:00Z", "2026-04-05 00:00:00|2026-04-05 01:00:00"),
    (64, "01:00", "05:00", "Europe/Berlin", "2026-03-23 12:00Z", "2026-03-29 00:00:00|2026-03-29 03:00:00"),
    (64, "01:00", "05:00", "Europe/Berlin", "2026-10-24 12:00Z", "2026-10-24 23:00:00|2026-10-25 04:00:00"),
    (3, "00:00", "00:00", "Asia/Kolkata", "2026-06-03 00:00Z", "2026-06-07 18:30:00|2026-06-08 18:30:00"),
]


def test_time_alone(make_siftd, postgres, receiver):
    """mutes that repeat, and a project that falls silent as a whole: two daemons tell of it once"""
    common = {"database": {"url": postgres.url()}, "windows": {"lateness": "1s"}}
    siftd = make_siftd(**common, notify={"interval": "200ms"})
    key_file = os.path.join(siftd.config["state_dir"], "channels.key")
    other = make_siftd(**common, notify={"interval": "200ms", "key_file": key_file})
    siftd.add_file_source()
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()
    channel(client, scope, "webhook", receiver.url())
    client.post(f"{scope}/rules", {"source": """
id: w_beat
title: A beat is missing
severity: HIGH
confidence: 0.5
window: {type: flatline, within: 3s, count: 3}
group_by: service
match: {message: {regex: 'heartbeat of the (?<what>pump|fan)(?! house)'}}
"""})

    def sql(text):
        return postgres.sql(text, database="siftd")

    def beats(count):
        feed(client, scope, [json.dumps({"ts": at(n / 10 - count / 10), "level": "INFO", "service": "pump",
                                         "message": "heartbeat of the pump"}) + "\n" for n in range(count)])

    for days, opens, shuts, zone, moment, expected in OCCURRENCES:
        assert sql("SELECT starts_at AT TIME ZONE 'UTC', ends_at AT TIME ZONE 'UTC' FROM siftd.next_occurrence("
                   f"{days}, '{opens}', '{shuts}', '{zone}', NULL, NULL, '{moment}')") == expected, (days, zone)
    made = client.post(f"{scope}/mutes", {"rule": "nothing", "repeat_from": "00:00", "repeat_to": "00:00",
                                          "repeat_days": ["tue", "mon", "wed", "thu", "fri", "sat", "sun"],
                                          "time_zone": "America/New_York"})
    assert made["active"] and made["repeat_days"][:2] == ["mon", "tue"] and made["repeat_to"] == "00:00"
    for wrong in ({"repeat_from": "00:00"}, {"repeat_from": "24:00", "repeat_to": "01:00"}, {"repeat_days": ["mon"]},
                  {"repeat_from": "01:00", "repeat_to": "02:00", "time_zone": "Mars/Base"},
                  {"repeat_from": "01:00", "repeat_to": "02:00", "ends_at": at(9)},
                  {"repeat_from": "01:00", "repeat_to": "02:00", "repeat_days": []},
                  {"repeat_from": "01:00", "repeat_to": "02:00", "repeat_until": at(-9)}, {"time_zone": "UTC"}):
        assert status_of(client.post, f"{scope}/mutes", wrong) == 422, wrong
    # one whose time has passed is put to the next
    sql("UPDATE siftd.mutes SET starts_at = now() - interval '3 days', ends_at = now() - interval '2 days'")
    harness.wait_until(lambda: [mute["active"] for mute in client.pages(f"{scope}/mutes")] == [True], 10, "the next")

    other.launch()
    other.wait_ready()
    beats(8)
    harness.wait_until(lambda: receiver.got, 30, "word of the silence")
    found = finding(client, scope, "w_beat")
    assert found["finding"]["key"] == "pump" and found["finding"]["status"] == "open"
    assert [item["captures"] for item in found["evidence"]["head"]] == [{"what": "pump"}] * 5
    beats(8)
    harness.wait_until(lambda: sql("SELECT total FROM siftd.findings WHERE rule_id = 'w_beat'") == "16", 20, "more beats")
    before = sql("SELECT first_us FROM siftd.episodes ORDER BY first_us")
    harness.wait_until(lambda: sql("SELECT count(*) FROM siftd.episodes WHERE last_us > (extract(epoch FROM now())"
                                   " * 1000000)::bigint - 4000000") == "1", 30, "the silence after it")
    # within `quiet` it is the same episode, of which nobody is told again
    assert sql("SELECT first_us FROM siftd.episodes ORDER BY first_us") == before
    told = [word["kind"] for _, _, body in receiver.got for word in json.loads(body)["notifications"]]
    assert told == ["opened"]
