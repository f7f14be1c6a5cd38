"""test_findings.py - what becomes of findings: episodes, triage, mutes"""
import datetime
import itertools
import json

import harness

numbers = itertools.count()


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
