"""test_triage.py - what a person reads of a group, and decides about groups"""
import harness

USERS = ["alice"] * 40 + ["bob"] * 25 + ["carol"] * 15 + ["dave"] * 12 + ["erin"] * 8


def group_of(client, scope, text):
    """the only group whose template holds the text, in detail"""
    found = [group for group in client.groups(scope) if text in group["template"]]
    assert len(found) == 1, found
    return client.get(f"{scope}/groups/{found[0]['id']}")


def feed(client, scope, name, lines):
    ingestion = client.new_ingestion(scope, name)
    client.paste(ingestion, "".join(f"2026-01-05T08:00:{n % 60:02d}Z INFO app: {line}\n" for n, line in enumerate(lines)))
    client.wait_total(ingestion, len(lines))
    return ingestion


def test_top_values(shared):
    lines = [f"login of user {USERS[n * 37 % 100]} refused after {n % 4 + 1} tries" for n in range(100)]
    ingestion = feed(shared.client, shared.scope, "values", lines)
    group = group_of(shared.client, ingestion, "login of user")
    variables = {variable["name"]: variable for variable in group["variables"]}
    number = variables["num"]
    assert number["type"] == "num"
    # the first ones are all counted, later ones by sample: the sums are exact, the parts are not
    assert {value["value"] for value in number["top"]} <= {"1", "2", "3", "4"}
    assert abs(sum(value["count"] for value in number["top"]) + number["others"] - 100) <= 4
    names = [value["value"] for variable in group["variables"] if variable["type"] != "num"
             for value in variable["top"]]
    assert "alice" in names and set(names) <= set(USERS)


COLOURS = ["red", "green", "blue", "pink"]


def fingerprints(detail):
    return sorted(member["fingerprint"] for member in detail["members"])


def decide(client, scope, group, verb, **body):
    return client.post(f"{scope}/groups/{group}/{verb}", body)


def status_of(call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except harness.HttpError as error:
        return error.status
    return 200


def test_merge_and_undo(shared):
    client, scope = shared.client, shared.scope
    ingestion = feed(client, scope, "merge", ["the kettle boils over", "a lamp went out quietly"] * 3)
    kettle, lamp = group_of(client, ingestion, "kettle"), group_of(client, ingestion, "lamp")
    ids = kettle["group"]["id"], lamp["group"]["id"]
    merged = decide(client, scope, ids[0], "merge", **{"with": ids[1]})
    assert merged["group"] == min(ids) and merged["other"] == max(ids)
    whole = client.get(f"{ingestion}/groups/{ids[1]}")
    assert whole["group"]["id"] == min(ids) and whole["group"]["count"] == 6
    assert fingerprints(whole) == sorted(fingerprints(kettle) + fingerprints(lamp))
    assert whole["why"][0]["what"] == "merge" and whole["why"][0]["by"] != "learner"
    assert whole["why"][0]["id"] == merged["id"]
    client.post(f"{scope}/groups/merges/{merged['id']}/undo", {})
    for before in (kettle, lamp):
        after = client.get(f"{ingestion}/groups/{before['group']['id']}")
        assert fingerprints(after) == fingerprints(before)
        assert after["group"]["count"] == 3
    assert status_of(client.post, f"{scope}/groups/merges/{merged['id']}/undo", {}) == 409


def test_wrong_decisions(shared):
    client, scope = shared.client, shared.scope
    ingestion = feed(client, scope, "wrong", ["some lonely message here"])
    group = group_of(client, ingestion, "lonely")
    own = group["group"]["id"]
    assert status_of(decide, client, scope, own, "merge", **{"with": own}) == 422
    assert status_of(decide, client, scope, own, "merge", **{"with": 999999999}) == 422
    assert status_of(decide, client, scope, own, "merge", **{"with": "x"}) == 422
    assert status_of(decide, client, scope, 999999999, "merge", **{"with": own}) == 404
    assert status_of(decide, client, scope, own, "split", fingerprints=fingerprints(group)) == 422
    assert status_of(decide, client, scope, own, "split", fingerprints=["0123456789abcdef"]) == 422
    assert status_of(decide, client, scope, own, "split", fingerprints=[]) == 422
    assert status_of(client.post, f"{scope}/groups/merges/999999999/undo", {}) == 404


def test_a_stranger_decides_nothing(shared):
    ingestion = feed(shared.client, shared.scope, "private", ["one secret thing", "another secret matter of state"])
    groups = [group["id"] for group in shared.client.groups(ingestion)]
    stranger = harness.Client(shared.http_port)
    stranger.post("/auth/register", {"name": "Trudy", "email": "trudy@example.com", "password": "long enough"})
    stranger.login("trudy@example.com", "long enough")
    assert status_of(decide, stranger, shared.scope, groups[0], "merge", **{"with": groups[1]}) == 404


def members_of_text(detail, word):
    return [member["fingerprint"] for member in detail["members"] if word in member["template"]]


def test_split_holds_against_the_learner_and_a_restart(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()

    def say(names):
        return feed(client, scope, "split", [f"service {name} is ready" for name in names])

    say(["alpha", "beta", "gamma", "delta", "omega"])
    whole = group_of(client, scope, "service")
    assert len(whole["members"]) == 6  # with the generalised one
    parted = decide(client, scope, whole["group"]["id"], "split", fingerprints=members_of_text(whole, "beta"))
    assert parted["group"] != whole["group"]["id"]
    assert parted["other"] == whole["group"]["id"]

    def check(expected):
        beta = client.get(f"{scope}/groups/{parted['group']}")
        assert [member["template"] for member in beta["members"]] == ["service beta is ready"]
        rest = client.get(f"{scope}/groups/{parted['other']}")
        assert len(rest["members"]) == 5
        assert (beta["group"]["count"], rest["group"]["count"]) == expected
        assert any(why["what"] == "split" for why in rest["why"])

    check((1, 4))
    say(["beta", "sigma", "tau", "phi"])
    check((2, 7))
    assert siftd.stop() == 0
    siftd.start()
    check((2, 7))
    say(["beta", "chi", "psi"])
    check((3, 9))
    # taken back, all are one again
    split = [why for why in client.get(f"{scope}/groups/{parted['group']}")["why"] if why["what"] == "split"]
    client.post(f"{scope}/groups/merges/{split[0]['id']}/undo", {})
    whole = group_of(client, scope, "service")
    assert len(whole["members"]) == 6 and whole["group"]["count"] == 12


def test_new_templates_follow_a_split(make_siftd):
    """a template that the learner puts to one that a person moved goes where that one is"""
    siftd = make_siftd()
    siftd.add_file_source()
    siftd.start()
    client, scope = siftd.client, siftd.client.default_scope()
    feed(client, scope, "first", [f"option colour={colour} was set" for colour in COLOURS])
    whole = group_of(client, scope, "option")
    general = [member["fingerprint"] for member in whole["members"] if member["generalised"]]
    parted = decide(client, scope, whole["group"]["id"], "split", fingerprints=general)
    stayed = client.get(f"{scope}/groups/{parted['other']}")["group"]["count"]
    assert 0 < stayed <= len(COLOURS)
    for restart in (False, True):
        if restart:
            assert siftd.stop() == 0
            siftd.start()
        before = client.get(f"{scope}/groups/{parted['group']}")["group"]["count"]
        assert before == len(COLOURS) - stayed + 5 * restart
        feed(client, scope, "second", [f"option colour=x{'y' * (n + 9 * restart)} was set" for n in range(5)])
        assert client.get(f"{scope}/groups/{parted['group']}")["group"]["count"] == before + 5
        assert client.get(f"{scope}/groups/{parted['other']}")["group"]["count"] == stayed
