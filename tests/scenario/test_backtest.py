"""test_backtest.py - a rule tried on stored events finds what it found when they came"""
import gzip
import json
import os
import shutil
import subprocess

import harness
import pytest
import yaml
from finding_history import BASE, WINDOWS, facts, history, line

# besides the windows: occurrences that are findings at once, by a value, and a threshold on part of a text
PLAIN = """
id: p_each
title: Each is one
severity: LOW
confidence: 0.5
quiet: 5m
group_by: attributes.user
match: {message: {words: was seen}}
---
id: p_many
title: Many within a minute
severity: HIGH
confidence: 0.5
window: {type: threshold, count: 8, within: 1m}
group_by: service
match: {message: {regex: 'spik\\w+ (thing|one)'}, level: {equals: INFO}}
"""
RULES = WINDOWS + "---" + PLAIN
HISTORY = history() + [line(9000, f"nothing to see {n}") for n in range(50)]


@pytest.fixture(scope="module")
def shared():
    siftd = harness.Siftd(query={"backtest_time": "30s"})
    siftd.config["http"].update(writes_per_minute=10000, reads_per_minute=100000)
    siftd.config["rules_dir"] = os.path.join(siftd.directory, "rules")
    shutil.copytree(os.path.join(harness.TOP, "conf/rules"), siftd.config["rules_dir"])
    with open(os.path.join(siftd.config["rules_dir"], "own.yaml"), "w", encoding="utf-8") as file:
        file.write(RULES)
    siftd.add_file_source()
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        with open(os.path.join(siftd.logs, "a.log"), "w", encoding="utf-8") as file:
            file.writelines(text + "\n" for text in HISTORY)
        siftd.client.wait_total(siftd.scope, len(HISTORY))
        yield siftd
        assert siftd.stop() == 0
    finally:
        siftd.cleanup()


def backtest(siftd, **body):
    return siftd.client.post(siftd.scope + "/rules/backtest", body)


def told(finding):
    """what must be as live: but for the time of the last window's end, which the events decide"""
    return (finding["occurrences"], finding["first_seen"], finding["last_seen"],
            [(e["first_seen"], e["last_seen"], e["total"]) for e in finding["episodes"]])


def test_same_as_live(shared):
    live = facts(shared.client, shared.scope, with_evidence=True)
    rules = [document["id"] for document in yaml.safe_load_all(RULES)]
    fired = set()
    for rule in rules:
        answer = backtest(shared, rule=rule)
        assert answer["complete"] and answer["cut_by"] is None
        expected = {key: facts for (name, key), facts in live.items() if name == rule}
        found = {item["key"]: item for item in answer["findings"] if item["fires"]}
        assert set(found) == set(expected), rule
        for key, finding in found.items():
            status, total, first_seen, last_seen, window, episodes, _, evidence = expected[key]
            assert status == "open"
            assert told(finding) == (total, first_seen, last_seen, sorted(episodes)), (rule, key)
            if window is not None:
                assert finding["peak"] == window["peak"], (rule, key)
            assert {e["raw"] for e in finding["evidence"]} & set(evidence), (rule, key)
            fired.add(rule)
    assert fired == set(rules)


def test_source_and_range(shared):
    source = PLAIN.split("---")[1]
    whole = backtest(shared, source=source)
    again = backtest(shared, rule="p_many")
    assert [told(f) for f in whole["findings"]] == [told(f) for f in again["findings"]]
    assert 0 < whole["candidate_templates"] < whole["templates"]
    assert whole["events"] < shared.client.total(shared.scope)
    # before the burst
    early = backtest(shared, source=source, to=(BASE.replace(minute=29)).isoformat())
    assert early["firing"] == 0 and early["matching"] == 30 and early["findings"][0]["peak"] < 8


def test_text(shared):
    """a pasted text says the same as the events that were stored of it"""
    text = "".join(item + "\n" for item in HISTORY)
    for document in RULES.split("---"):
        tried = shared.client.post(shared.scope + "/rules/test", {"source": document, "text": text})
        stored = backtest(shared, source=document)
        assert [told(f) for f in tried["findings"]] == [told(f) for f in stored["findings"]], document


def test_own_rule(shared):
    source = PLAIN.split("---")[1].replace("p_many", "p_own")
    shared.client.post(shared.scope + "/rules", {"source": source})
    assert told(backtest(shared, rule="p_own")["findings"][0]) == told(backtest(shared, rule="p_many")["findings"][0])


def test_refusals(shared):
    for status, body in ((422, {}), (422, {"source": "id: x"}), (404, {"rule": "no_such"}),
                         (422, {"source": PLAIN.split("---")[0], "rule": "p_many"}),
                         (422, {"rule": "p_many", "from": "yesterday"})):
        with pytest.raises(harness.HttpError) as refusal:
            backtest(shared, **body)
        assert refusal.value.status == status, body


def run_backtest(shared, *arguments):
    done = subprocess.run([shared.binary, "rules", "backtest", *arguments], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def test_command_line(shared, tmp_path):
    """`siftd rules backtest` over a file and over the store says what the interface says"""
    own = os.path.join(shared.config["rules_dir"], "own.yaml")
    log = os.path.join(shared.logs, "a.log")
    store = ["--config", shared.write_config(), "--project", "default", "--format", "json"]
    status, by_file, errors = run_backtest(shared, own, log, "--format", "json")
    assert (status, errors) == (0, "")
    status, by_store, errors = run_backtest(shared, own, *store)
    assert (status, errors) == (0, ""), errors
    for answers in (by_file, by_store):
        answers = {answer["rule"]: answer for answer in map(json.loads, answers.splitlines())}
        assert list(answers) == [document["id"] for document in yaml.safe_load_all(RULES)]
        for rule, answer in answers.items():
            expected = backtest(shared, rule=rule)
            assert [told(f) for f in answer["findings"]] == [told(f) for f in expected["findings"]], rule
            assert (answer["matching"], answer["firing"]) == (expected["matching"], expected["firing"]), rule
    early = ["--to", BASE.replace(minute=29).isoformat()]
    assert '"firing":0' in next(line for line in run_backtest(shared, own, log, "--format", "json", *early)[1].splitlines()
                                if "p_many" in line)
    # what people see: two files, the second packed, whose lines go on counting
    more = tmp_path / "more.log.gz"
    more.write_bytes(gzip.compress(b"2026-03-01T00:00:00Z INFO app: lamp was seen\n"))
    plain = tmp_path / "each.yaml"
    plain.write_text(PLAIN.split("---")[0].replace("{words: was seen}", r"{regex: '(?<what>\w+) was seen'}"))
    status, text, _ = run_backtest(shared, str(plain), log, str(more))
    assert status == 0 and text.startswith("p_each: ")
    assert f"line {len(HISTORY) + 1}: 2026-03-01T00:00:00Z INFO app: lamp was seen\n      what=lamp\n" in text
    for wrong in ([], ["--project", "x"], [own, log, "--project", "default"], [own, "--format", "xml"],
                  [own, "--from", "noon"]):
        assert run_backtest(shared, *wrong)[0] == 2, wrong
    assert run_backtest(shared, own, "/nowhere.log")[0] == 1
    assert run_backtest(shared, "/nowhere.yaml", log)[0] == 1
