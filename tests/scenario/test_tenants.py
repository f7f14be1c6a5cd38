"""test_tenants.py - people, roles, and walls between organisations: one siftd, every route of its table"""
import http.client
import itertools
import json
import re
import subprocess

import harness
import pytest
import yaml

PASSWORD = "long enough"
NOWHERE = 999999
NUMBERS = itertools.count(1)


class Person:
    """somebody who is logged in"""

    def __init__(self, world, email):
        self.world, self.email = world, email
        self.client = harness.Client(world.siftd.http_port)
        self.client.login(email, PASSWORD)
        self.id = self.client.get("/auth/me")["id"]

    @property
    def token(self):
        return self.client.token


class World:
    """two organisations that should never hear of each other"""

    def __init__(self):
        self.postgres = harness.Postgres()
        rates = {f"{what}_per_minute": 0 for what in ("logins", "registrations", "writes", "reads", "bad_tokens")}
        self.siftd = harness.Siftd(database={"url": self.postgres.url()})
        self.siftd.config["http"].update(rates)
        self.siftd.config["log_level"] = "debug"
        self.siftd.start()
        self.ours = self.make_organisation("ours")
        self.theirs = self.make_organisation("theirs")
        self.admin, self.stranger = self.ours["admin"], self.theirs["admin"]
        self.member = self.join(self.ours, "member")

    def register(self, name):
        email = f"{name}{next(NUMBERS)}@example.com"
        self.siftd.client.token, token = None, self.siftd.client.token
        made = self.siftd.client.post("/auth/register", {"name": name, "email": email, "password": PASSWORD})
        self.siftd.client.token = token
        return Person(self, email), made["organizations"][0]["id"]

    def make_organisation(self, name):
        admin, org = self.register(name)
        project = admin.client.post(f"/orgs/{org}/projects", {"name": name})["id"]
        ingestion = admin.client.post(f"/orgs/{org}/projects/{project}/ingestions", {"name": name})["id"]
        return {"admin": admin, "org": org, "project": project, "ingestion": ingestion}

    def join(self, organisation, role):
        person, _ = self.register(role)
        self.sql(f"INSERT INTO siftd.memberships VALUES ({organisation['org']}, {person.id}, '{role}')")
        return person

    def sql(self, text):
        return self.postgres.sql(text, "siftd")

    def cleanup(self):
        self.siftd.cleanup()
        self.postgres.cleanup()


@pytest.fixture(scope="module")
def world():
    made = World()
    try:
        yield made
        assert made.siftd.stop() == 0
    finally:
        made.cleanup()


@pytest.fixture(scope="module")
def routes():
    table = json.loads(subprocess.run([harness.BINARY, "routes"], check=True, capture_output=True).stdout)
    assert len(table) > 60
    return table


def ask(world, method, path, token=None, body=None, headers=None, connection=None):
    """(status, headers, bytes) of any answer"""
    headers = dict(headers or {})
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    connection = connection or http.client.HTTPConnection("127.0.0.1", world.siftd.http_port, timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def path_of(route, *places):
    """the path with ids from the first of `places` that knows them"""
    def value(match):
        for place in places:
            if match[1] in place and not isinstance(place[match[1]], Person):
                return str(place[match[1]])
        return str(NOWHERE)

    return re.sub(r"\{(\w+)\}", value, route["path"])


def test_openapi_tells_of_every_route(world, routes):
    document = yaml.safe_load(world.siftd.client.request("GET", "//openapi.yaml")[2])
    told = {(method.upper(), path): operation for path, item in document["paths"].items()
            for method, operation in item.items() if method != "parameters"}
    aliases = {("GET", "/health")}
    assert {(r["method"], r["path"]) for r in routes} - aliases == set(told)
    for route in routes:
        operation = told.get((route["method"], route["path"]))
        if operation is not None:
            assert (operation.get("security") == []) == (route["access"] == "public"), route


def test_a_path_with_an_organisation_is_for_its_members(routes):
    for route in routes:
        if "{org}" in route["path"]:
            assert route["access"] in ("member", "reader", "pusher", "admin"), route
            assert route["scope"] != "none", route
        if "{project}" in route["path"] or "{user}" in route["path"]:
            assert "{org}" in route["path"], route


def void_tokens(world):
    """what is not, or no longer, a credential"""
    left = Person(world, world.admin.email)
    left.client.post("/auth/logout", {})
    late = Person(world, world.admin.email)
    world.sql(f"UPDATE siftd.sessions SET expires_at = now() - interval '1 s' WHERE id ="
              f" (SELECT max(id) FROM siftd.sessions WHERE user_id = {late.id})")
    return {"missing": None, "empty": "", "unknown": "siftd_" + "a" * 32, "revoked": left.token,
            "expired": late.token}


def test_every_route_refuses_void_credentials(world, routes):
    tokens = void_tokens(world)
    connection = http.client.HTTPConnection("127.0.0.1", world.siftd.http_port, timeout=20)
    wrong = []
    for route in routes:
        if route["access"] == "public":
            continue
        for what, token in tokens.items():
            status, headers, _ = ask(world, route["method"], path_of(route, world.ours), token, connection=connection)
            if status != 401 or "Bearer" not in headers["WWW-Authenticate"]:
                wrong.append((what, status, route))
    assert not wrong


def refused(world, routes, token, expected, *places, only=lambda route: True):
    """routes that answer otherwise than expected"""
    connection = http.client.HTTPConnection("127.0.0.1", world.siftd.http_port, timeout=20)
    wrong, asked = [], 0
    for route in filter(only, routes):
        status, _, body = ask(world, route["method"], path_of(route, *places), token, {}, connection=connection)
        asked += 1
        if status != expected:
            wrong.append((status, body, route))
    assert asked > 0
    return wrong


def in_organisation(route):
    return "{org}" in route["path"]


def in_project(route):
    return "{project}" in route["path"]


def in_ingestion(route):
    return "{ingestion}" in route["path"]


def test_a_stranger_finds_nothing(world, routes):
    """with ids that are right, as with ids of nothing: 404 in the same words"""
    token = world.stranger.token
    assert not refused(world, routes, token, 404, world.ours, only=in_organisation)
    assert not refused(world, routes, token, 404, {}, only=in_organisation)
    for route in filter(in_organisation, routes):
        answers = [json.loads(ask(world, route["method"], path_of(route, place), token, {})[2])
                   for place in (world.ours, {})]
        for answer in answers:
            del answer["request_id"]
        assert answers[0] == answers[1], route


def test_ids_that_do_not_belong_together(world, routes):
    """our organisation with their project, our project with their ingestion, and the other way round"""
    for token in (world.admin.token, world.member.token):
        theirs = {**world.theirs, "org": world.ours["org"]}
        assert not refused(world, routes, token, 404, theirs, only=in_project)
        theirs = {**world.ours, "ingestion": world.theirs["ingestion"]}
        assert not refused(world, routes, token, 404, theirs, only=in_ingestion)
        ours = {**world.ours, "org": world.theirs["org"]}
        assert not refused(world, routes, token, 404, ours, only=in_organisation)


def test_what_is_no_id_is_nothing(world, routes):
    for text in ("0", "-1", "x", "%31", "9223372036854775808", "1e3"):
        for name, only in (("org", in_organisation), ("project", in_project), ("ingestion", in_ingestion)):
            place = {**world.ours, name: text}
            assert not refused(world, routes, world.admin.token, 404, place, only=only), text


def test_members_are_no_admins(world, routes):
    assert not refused(world, routes, world.member.token, 403, world.ours, only=lambda r: r["access"] == "admin")


def test_members_may_read_everything_else(world, routes):
    connection = http.client.HTTPConnection("127.0.0.1", world.siftd.http_port, timeout=20)
    for route in routes:
        if route["access"] in ("member", "reader") and route["method"] == "GET":
            last = route["path"].rsplit("/", 1)[1]
            status, _, body = ask(world, "GET", path_of(route, world.ours), world.member.token, connection=connection)
            known = last.strip("{}") in world.ours or "{" not in route["path"].replace("{org}", "").replace(
                "{project}", "").replace("{ingestion}", "")
            assert status == 200 if known else status in (200, 404, 422), (status, body, route)
