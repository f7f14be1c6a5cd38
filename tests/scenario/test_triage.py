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
