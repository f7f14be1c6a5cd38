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
        rates = {f"{what}_per_minute": 0 for what in ("logins", "registrations", "writes", "reads", "bad_tokens", "insights")}
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
    if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        connection.close()  # it has no end
        return answer.status, answer.headers, b""
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
    keys = [world.admin.client.post(f"/orgs/{world.ours['org']}/projects/{world.ours['project']}/keys",
                                    {"name": "void", "role": role}) for role in ("read", "ingest")]
    world.sql(f"UPDATE siftd.api_keys SET revoked_at = now() WHERE id = {keys[0]['id']}")
    world.sql(f"UPDATE siftd.api_keys SET expires_at = now() WHERE id = {keys[1]['id']}")
    return {"revoked key": keys[0]["key"], "expired key": keys[1]["key"], "missing": None, "empty": "", "unknown": "siftd_" + "a" * 32, "revoked": left.token,
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


def test_keys_find_nothing_of_others(world, routes):
    for role in ("read", "ingest"):
        key = world.stranger.client.post(f"/orgs/{world.theirs['org']}/projects/{world.theirs['project']}/keys",
                                         {"name": role, "role": role})["key"]
        assert not refused(world, routes, key, 404, world.ours, only=in_organisation)
        theirs = {**world.theirs, "ingestion": world.ours["ingestion"]}
        assert not refused(world, routes, key, 404, theirs, only=in_ingestion)


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
            if route["path"].endswith("/events/tail"):
                route = {**route, "path": route["path"] + "?levels=LOUD"}  # a good one would not end
                last = "{wish}"
            status, _, body = ask(world, "GET", path_of(route, world.ours), world.member.token, connection=connection)
            known = last.strip("{}") in world.ours or "{" not in (last + route["path"]).replace("{org}", "").replace(
                "{project}", "").replace("{ingestion}", "")
            assert status == 200 if known else status in (200, 404, 422), (status, body, route)


def status_of(call, *arguments):
    with pytest.raises(harness.HttpError) as error:
        call(*arguments)
    return error.value.status


def audit(world, organisation, **query):
    return world.admin.client.get(f"/orgs/{organisation['org']}/audit", **query)["items"]


def test_invitation_of_a_new_address(world):
    client, org = world.admin.client, world.ours["org"]
    email = f"new{next(NUMBERS)}@example.com"
    first = client.post(f"/orgs/{org}/users", {"email": email, "role": "member"})
    made = client.post(f"/orgs/{org}/invitations", {"email": email.upper(), "role": "admin"})
    assert first["id"] == made["id"] and first["token"] != made["token"]
    anybody = harness.Client(world.siftd.http_port)
    assert anybody.status(f"/invitations/{first['token']}") == 404
    look = anybody.get(f"/invitations/{made['token']}")
    assert (look["organization"]["id"], look["role"]) == (org, "admin")
    accept = f"/invitations/{made['token']}/accept"
    for body in ({"password": PASSWORD}, {"name": "New", "password": "short"}, {"name": "New"}):
        assert status_of(anybody.post, accept, body) == 422
    joined = anybody.post(accept, {"name": "New", "password": PASSWORD})
    assert joined["organizations"] == [{"id": org, "name": look["organization"]["name"], "role": "admin"}]
    assert status_of(anybody.post, accept, {"name": "New", "password": PASSWORD}) == 404
    person = Person(world, email)
    assert person.client.get(f"/orgs/{org}/users/{person.id}")["role"] == "admin"
    assert status_of(client.post, f"/orgs/{org}/invitations", {"email": email}) == 409
    actions = [(row["action"], row["actor"].lower()) for row in audit(world, world.ours)]
    for action in (("invitation.create", world.admin.email), ("invitation.accept", email), ("member.add", email)):
        assert action in actions
    client.request("DELETE", f"/orgs/{org}/users/{person.id}")
    assert status_of(person.client.get, f"/orgs/{org}") == 404


def test_an_invitation_does_not_tell_who_has_an_account(world):
    client, org = world.admin.client, world.ours["org"]
    known = client.post(f"/orgs/{org}/users", {"email": world.stranger.email})
    unknown = client.post(f"/orgs/{org}/users", {"email": f"nobody{next(NUMBERS)}@example.com"})
    assert set(known) == set(unknown)
    anybody = harness.Client(world.siftd.http_port)
    accept = f"/invitations/{known['token']}/accept"
    assert status_of(anybody.post, accept, {"name": "x", "password": "not the password"}) == 401
    anybody.post(accept, {"password": PASSWORD})
    assert world.stranger.client.get(f"/orgs/{org}")["role"] == "member"
    client.request("DELETE", f"/orgs/{org}/users/{world.stranger.id}")
    client.request("DELETE", f"/orgs/{org}/invitations/{unknown['id']}")
    assert anybody.status(f"/invitations/{unknown['token']}") == 404
    assert status_of(client.request, "DELETE", f"/orgs/{org}/invitations/{unknown['id']}") == 404


def test_an_invitation_expires(world):
    client, org = world.admin.client, world.ours["org"]
    made = client.post(f"/orgs/{org}/invitations", {"email": f"late{next(NUMBERS)}@example.com"})
    world.sql(f"UPDATE siftd.invitations SET expires_at = now() WHERE id = {made['id']}")
    anybody = harness.Client(world.siftd.http_port)
    assert anybody.status(f"/invitations/{made['token']}") == 404
    assert status_of(anybody.post, f"/invitations/{made['token']}/accept", {"name": "x", "password": PASSWORD}) == 404


def test_sessions_are_listed_and_ended(world):
    person, org = world.register("sessions")
    other = Person(world, person.email)
    listed = person.client.get("/auth/sessions")["items"]
    assert [row["current"] for row in listed] == [False, True]
    assert listed[0]["address"] == "127.0.0.1" and "urllib" in listed[0]["user_agent"]
    for row in world.admin.client.get("/auth/sessions")["items"]:
        assert status_of(person.client.request, "DELETE", f"/auth/sessions/{row['id']}") == 404
    person.client.request("DELETE", f"/auth/sessions/{listed[0]['id']}")
    assert other.client.status("/auth/me") == 401 and person.client.status("/auth/me") == 200
    third = Person(world, person.email)
    body = {"current_password": PASSWORD, "new_password": PASSWORD + "er"}
    person.client.post("/auth/password", body)
    assert third.client.status("/auth/me") == 401 and person.client.status("/auth/me") == 200
    actions = [row["action"] for row in person.client.get(f"/orgs/{org}/audit")["items"]]
    assert actions.count("session.create") == 3 and actions.count("session.end") == 2
    assert "password.change" in actions


def test_audit_tells_of_every_change(world):
    """each in the transaction of what it tells of"""
    client, org = world.admin.client, world.ours["org"]
    _, headers, body = client.request("POST", f"/orgs/{org}/projects", {"name": "audited"})
    project = f"/orgs/{org}/projects/{json.loads(body)['id']}"
    client.request("PATCH", project, {"name": "renamed"})
    ingestion = client.new_ingestion(project, "audited")
    client.request("DELETE", ingestion)
    client.request("DELETE", project)
    client.request("PATCH", f"/orgs/{org}", {"name": "ours again"})
    client.request("PATCH", f"/orgs/{org}/users/{world.member.id}", {"role": "admin"})
    client.request("PATCH", f"/orgs/{org}/users/{world.member.id}", {"role": "member"})
    rows = audit(world, world.ours, limit=8)
    assert [row["action"] for row in reversed(rows)] == [
        "project.create", "project.change", "ingestion.create", "ingestion.delete", "project.delete",
        "organisation.change", "member.role", "member.role"]
    assert {(row["actor"], row["actor_id"], row["address"]) for row in rows} == {
        (world.admin.email, world.admin.id, "127.0.0.1")}
    assert rows[-1]["request_id"] == headers["X-Request-Id"]
    assert rows[0]["target"] == f"user {world.member.id} {world.member.email} member"
    assert len(audit(world, world.ours, action="member.role", actor=world.admin.email)) >= 2
    assert not audit(world, world.ours, action="member.role", actor="nobody")
    # what was refused changed nothing, and is not told of
    before = audit(world, world.ours, limit=1)[0]["id"]
    assert status_of(client.request, "DELETE", f"/orgs/{org}/users/{world.admin.id}") == 409
    assert status_of(client.request, "PATCH", f"/orgs/{org}/users/{NOWHERE}", {"role": "admin"}) == 404
    assert audit(world, world.ours, limit=1)[0]["id"] == before


def test_a_deleted_organisation_leaves_its_record(world):
    place = world.make_organisation("doomed")
    place["admin"].client.request("DELETE", f"/orgs/{place['org']}")
    assert world.sql(f"SELECT count(*) FROM siftd.audit WHERE organisation_id = {place['org']}"
                     f" AND action = 'organisation.delete' AND actor = '{place['admin'].email}'") == "1"


def test_cookie_and_csrf(world):
    login = {"email": world.admin.email, "password": PASSWORD, "session": "cookie"}
    status, headers, body = ask(world, "POST", "/api/v1/auth/login", body=login)
    answer = json.loads(body)
    assert status == 200 and "access_token" not in answer
    cookie, *attributes = headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    sent = {"Cookie": f"theme=dark; {cookie}; x=y"}
    path = f"/api/v1/orgs/{world.ours['org']}"
    assert ask(world, "GET", path, headers=sent)[0] == 200
    assert json.loads(ask(world, "GET", "/api/v1/auth/me", headers=sent)[2])["csrf_token"] == answer["csrf_token"]
    for csrf in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": answer["csrf_token"][:-1] + "!"}):
        assert ask(world, "PATCH", path, body={"name": "ours"}, headers={**sent, **csrf})[0] == 403
    good = {**sent, "X-CSRF-Token": answer["csrf_token"]}
    assert ask(world, "PATCH", path, body={"name": "ours"}, headers=good)[0] == 200
    status, headers, _ = ask(world, "POST", "/api/v1/auth/logout", headers=good)
    assert status == 204 and "Max-Age=0" in headers["Set-Cookie"]
    assert ask(world, "GET", path, headers=sent)[0] == 401
    form = f"username={world.admin.email}&password={PASSWORD.replace(' ', '+')}&session=cookie"
    _, headers, body = ask(world, "POST", "/api/v1/auth/login", body=form,
                           headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert headers["Set-Cookie"] is None and json.loads(body)["token_type"] == "bearer"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_registration_is_closed_by_way_of_a_proxy(world, header):
    body = {"name": "x", "email": f"x{next(NUMBERS)}@example.com", "password": PASSWORD}
    assert ask(world, "POST", "/api/v1/auth/register", body=body, headers={header: "for=192.0.2.1"})[0] == 403
    assert ask(world, "POST", "/api/v1/auth/register", body=body)[0] == 201


def test_no_secret_is_logged(world):
    """at level debug, after all that came before"""
    text = world.siftd.stderr()
    assert "level=debug" in text
    for secret in (PASSWORD, world.admin.token, world.member.token, "siftd_session", "$argon2"):
        assert secret not in text


def as_tenant(world, project, text):
    return world.sql(f"BEGIN; DO $$ BEGIN PERFORM set_config('siftd.project', '{project}', true),"
                     f" set_config('role', 'siftd_tenant', true); END $$; {text}; COMMIT")


def test_every_table_of_a_project_has_a_wall(world):
    """a new table is not forgotten: whoever has a project_id has the policy"""
    open_tables = world.sql(
        "SELECT relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'project_id'"
        " WHERE relnamespace = 'siftd'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        " AND NOT (relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid))")
    assert open_tables == ""


def test_what_stands_behind_the_statements(world):
    ours, theirs = world.ours["project"], world.theirs["project"]
    assert as_tenant(world, ours, "SELECT DISTINCT project_id FROM siftd.ingestions") == str(ours)
    assert as_tenant(world, theirs, "SELECT DISTINCT project_id FROM siftd.ingestions") == str(theirs)
    assert as_tenant(world, "", "SELECT count(*) FROM siftd.ingestions") == "0"
    assert as_tenant(world, ours, f"SELECT count(*) FROM siftd.projects WHERE id = {theirs}") == "0"
    for text in (f"INSERT INTO siftd.ingestions (project_id, name, source_type) VALUES ({theirs}, 'x', 'paste')",
                 f"UPDATE siftd.ingestions SET project_id = {theirs}", "SELECT password_hash FROM siftd.users",
                 "SELECT * FROM siftd.sessions", "DELETE FROM siftd.audit", "UPDATE siftd.memberships SET role = 'admin'"):
        with pytest.raises(subprocess.CalledProcessError) as error:
            as_tenant(world, ours, text)
        assert "row-level security" in error.value.stderr or "permission denied" in error.value.stderr


def test_requests_run_behind_the_wall(world):
    path = f"/orgs/{world.ours['org']}/projects/{world.ours['project']}/ingestions"
    assert world.member.client.status(path) == 200
    world.sql("REVOKE SELECT ON siftd.ingestions FROM siftd_tenant")
    try:
        assert world.member.client.status(path) == 500
    finally:
        world.sql("GRANT SELECT ON siftd.ingestions TO siftd_tenant")
    assert world.member.client.status(path) == 200


def siftd_user(world, *words, stdin=None, ok=True):
    done = subprocess.run([harness.BINARY, "user", *words, "--config", world.siftd.write_config()], input=stdin,
                          capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == ok, done
    return done.stdout.strip() if ok else done.stderr


def test_accounts_by_command(world):
    email, org = f"cli{next(NUMBERS)}@example.com", str(world.ours["org"])
    password = siftd_user(world, "create", email, "--org", org)
    person = harness.Client(world.siftd.http_port)
    person.login(email, password)
    assert person.get(f"/orgs/{org}")["role"] == "member"
    siftd_user(world, "promote", email, "--org", org)
    assert person.get(f"/orgs/{org}")["role"] == "admin"
    assert any(line.split("\t")[:3] == [email, "admin", org] for line in siftd_user(world, "list").split("\n"))
    siftd_user(world, "password", email.upper(), "--password-stdin", stdin="another secret\n")
    assert person.status("/auth/me") == 401
    person.login(email, "another secret")
    assert status_of(person.login, email, password) == 401
    rows = audit(world, world.ours, limit=9)
    assert {("member.add", True), ("member.role", True), ("password.change", True)} <= {
        (row["action"], row["actor"].startswith("siftd user, uid")) for row in rows}
    siftd_user(world, "demote", email, "--org", org)
    assert "last admin" in siftd_user(world, "demote", world.stranger.email, "--org", str(world.theirs["org"]), ok=False)
    assert "organisation" in siftd_user(world, "create", "x" + email, "--org", "nowhere", ok=False)
    assert "x" + email not in siftd_user(world, "list")
    for words in (("create",), ("list", "x"), ("promote", email), ("create", email, "--role", "god"), ("eat", email)):
        assert "usage" in siftd_user(world, *words, ok=False)
