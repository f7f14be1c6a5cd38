"""test_conventions.py - what every answer of the interface has in common"""
import http.client
import json
import re

import harness
import pytest

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
TIMES = ("ts", "time", "expires_at", "muted_until")
HEADERS = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()", "Cache-Control": "no-store",
}
LINES = "".join(f"2026-01-05T08:{n // 60:02d}:{n % 60:02d}Z {'ERROR' if n % 5 == 0 else 'INFO'} "
                f"shop[7]: order {n} failed: No space left on device\n" for n in range(600))


@pytest.fixture(scope="module")
def world(shared):
    shared.ingestion = shared.client.new_ingestion(shared.scope, "conventions")
    shared.client.paste(shared.ingestion, LINES)
    shared.client.wait_total(shared.ingestion, 600)
    shared.org = "/orgs/" + shared.scope.split("/")[2]
    return shared


def ask(siftd, method, path, body=None, token=None, **fields):
    """status, headers, body, whatever the status"""
    link = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=30)
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    headers.setdefault("Authorization", "Bearer " + (token or siftd.client.token))
    if isinstance(body, dict):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    link.request(method, path[1:] if path.startswith("//") else "/api/v1" + path, body, headers)
    answer = link.getresponse()
    data = answer.read()
    link.close()
    return answer.status, answer, data


REFUSALS = [
    ("GET", "/nothing", None, {}, 404), ("GET", "/orgs/999999", None, {}, 404), ("GET", "/orgs/x", None, {}, 404),
    ("DELETE", "/auth/me", None, {}, 405), ("PATCH", "ORG", "{", {"Content_Type": "application/json"}, 400),
    ("PATCH", "ORG", b"\xff", {"Content_Type": "application/json"}, 400),
    ("PATCH", "ORG", {"name": ""}, {}, 422), ("PATCH", "ORG", {"name": 5}, {}, 422), ("POST", "/orgs", {}, {}, 422),
    ("POST", "SCOPE/ingestions", {"source_type": "fax"}, {}, 422), ("GET", "SCOPE/events?limit=0", None, {}, 422),
    ("GET", "SCOPE/events?limit=501", None, {}, 422), ("GET", "SCOPE/events?levels=LOUD", None, {}, 422),
    ("GET", "SCOPE/events?cursor=x", None, {}, 422), ("GET", "SCOPE/events?ts_from=soon", None, {}, 422),
    ("GET", "SCOPE/events?fingerprint=xyz", None, {}, 422), ("GET", "SCOPE/events?q=(&q_mode=regex", None, {}, 422),
    ("GET", "SCOPE/events/999999999", None, {}, 404), ("GET", "SCOPE/groups?sort=luck", None, {}, 422),
    ("GET", "SCOPE/findings?status=gone", None, {}, 422), ("GET", "SCOPE/groups/ffffffffffffffff", None, {}, 404),
    ("GET", "/auth/me", None, {"Authorization": "Bearer nobody"}, 401),
    ("GET", "/auth/me", None, {"Authorization": "Basic eA=="}, 401),
]


@pytest.mark.parametrize("method, path, body, fields, status", REFUSALS,
                         ids=[f"{case[0]} {case[1]} {case[4]}" for case in REFUSALS])
def test_refusals_are_problems(world, method, path, body, fields, status):
    path = path.replace("SCOPE", world.scope).replace("ORG", world.org)
    found, answer, text = ask(world, method, path, body, **fields)
    assert found == status, text
    assert answer.getheader("Content-Type") == "application/problem+json"
    problem = json.loads(text)
    assert problem["status"] == status and problem["request_id"] == answer.getheader("X-Request-Id")
    assert {"type", "title"} <= set(problem) and problem["detail"].endswith("."), problem
    assert (status == 422) == ("errors" in problem)
    if status == 422:
        assert all({"field", "detail"} <= set(error) for error in problem["errors"])
    assert (status == 405) == (answer.getheader("Allow") is not None)
    assert (status == 401) == (answer.getheader("WWW-Authenticate") is not None)


def test_headers_of_every_answer(world):
    """of answers with and without a body, of refusals, files and streams"""
    seen = set()
    for method, path, status in [
            ("GET", "//healthz", 200), ("GET", "//metrics", 200), ("GET", "//openapi.yaml", 200), ("HEAD", "//version", 200),
            ("GET", "/nothing", 404), ("OPTIONS", "/orgs", 204), ("GET", "/auth/me", 200),
            ("GET", f"{world.scope}/events/export?limit=1", 200), ("HEAD", f"{world.scope}/events/tail", 200)]:
        found, answer, _ = ask(world, method, path)
        assert found == status
        for name, value in HEADERS.items():
            assert answer.getheader(name) == value, (path, name)
        assert "default-src 'self'" in answer.getheader("Content-Security-Policy")
        assert answer.getheader("Strict-Transport-Security") is None, "it did not come by TLS"
        assert answer.getheader("Access-Control-Allow-Origin") is None
        seen.add(answer.getheader("X-Request-Id"))
    assert len(seen) == 9


def test_limited_answers_say_what_is_left(world):
    _, answer, _ = ask(world, "GET", "/auth/me")
    limit = int(re.match(r'"default";q=(\d+);w=60$', answer.getheader("RateLimit-Policy"))[1])
    left, seconds = map(int, re.match(r'"default";r=(\d+);t=(\d+)$', answer.getheader("RateLimit")).groups())
    assert limit == 600 and 0 <= left < limit and seconds <= 60
    for _ in range(10):
        found, answer, text = ask(world, "POST", "/auth/register", {})
        if found == 429:
            break
        assert found == 422
    assert found == 429 and int(answer.getheader("Retry-After")) > 0 and "Retry-After" not in text.decode()


def times_in(value, name=""):
    """(name, value) of what is a time by its name"""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from times_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from times_in(inner, name)
    elif isinstance(value, str) and (name in TIMES or name.endswith(("_at", "_seen", "_ts"))):
        yield name, value


def test_times_levels_and_fingerprints(world):
    checked = 0
    paths = ["", "/overview", "/events?limit=5", "/groups", "/findings", "/events/histogram"]
    for path in [world.ingestion + end for end in paths] + [f"{world.org}/audit", f"{world.scope}/keys", "/auth/sessions"]:
        for name, value in times_in(world.client.get(path)):
            assert TIME.match(value), (path, name, value)
            checked += 1
    assert checked > 20
    for event in world.client.get(f"{world.ingestion}/events", limit=20)["items"]:
        assert re.match(r"[0-9a-f]{16}$", event["fingerprint"])
        assert event["level"] in ("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRITICAL", None)
    assert {finding["severity"] for finding in world.client.get(f"{world.ingestion}/findings")["items"]} <= {
        "LOW", "MED", "HIGH", "CRIT"}


def test_a_cursor_stays_right_while_rows_arrive(world):
    """no event is skipped or repeated, in either order"""
    ingestion = world.client.new_ingestion(world.scope, "cursor")
    world.client.paste(ingestion, LINES)
    world.client.wait_total(ingestion, 600)
    seen = {"desc": [], "asc": []}
    cursors = {order: world.client.get(f"{ingestion}/events", limit=250, order=order) for order in seen}
    world.client.paste(ingestion, LINES)
    world.client.wait_total(ingestion, 1200)
    for order, page in cursors.items():
        while True:
            seen[order] += [event["seq"] for event in page["items"]]
            if not page["has_more"]:
                break
            page = world.client.get(f"{ingestion}/events", limit=250, order=order, cursor=page["next_cursor"])
    assert len(seen["desc"]) == len(set(seen["desc"])) == 600
    assert len(seen["asc"]) == len(set(seen["asc"])) == 1200
