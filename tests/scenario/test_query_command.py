"""test_query_command.py - siftd query: events, groups and findings in a terminal"""
import json
import os
import pty
import re
import signal
import subprocess

import pytest

import harness

LINES = [f"2026-01-05T08:00:{n:02d}Z {'ERROR' if n % 10 == 0 else 'INFO'} shop: order n={n} \x1b[31mplaced\x07" for n in range(60)]


@pytest.fixture(scope="module")
def siftd():
    siftd = harness.Siftd()
    siftd.add_file_source()
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        siftd.ingestion = siftd.client.new_ingestion(siftd.scope, "query")
        siftd.client.paste(siftd.ingestion, "\n".join(
            [*LINES, "2026-01-05T08:01:00Z ERROR billing: java.lang.OutOfMemoryError: Java heap space"]) + "\n")
        siftd.client.wait_total(siftd.scope, len(LINES) + 1)
        yield siftd
    finally:
        siftd.cleanup()


def query(siftd, *words, status=0):
    done = subprocess.run([siftd.binary, "query", *words, "--config", siftd.write_config()], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def test_newest_events_oldest_first(siftd):
    shown = query(siftd, "-n", "3").splitlines()
    assert len(shown) == 3 and shown[-1].endswith("billing: java.lang.OutOfMemoryError: Java heap space")
    assert shown[0].startswith("2026-01-05T08:00:58.000000Z INFO     shop: order n=58 ")
    # nothing that a line brings along reaches the terminal
    assert "\x1b" not in "".join(shown) and "\x07" not in "".join(shown)
    assert len(query(siftd, "--limit", "1000").splitlines()) == len(LINES) + 1


def test_filters_and_json(siftd):
    found = [json.loads(line) for line in query(siftd, "--json", "--levels", "ERROR", "--q", "order").splitlines()]
    assert found == list(reversed(list(siftd.client.events(siftd.scope, levels="ERROR", q="order")))) and len(found) == 6


def test_groups_and_findings(siftd):
    groups = [json.loads(line) for line in query(siftd, "groups", "--json").splitlines()]
    assert {(g["id"], g["count"]) for g in groups} == {(g["id"], g["count"]) for g in siftd.client.groups(siftd.scope)}
    assert query(siftd, "groups", "-n", "1").split()[:2] == [str(groups[0]["count"]), "2026-01-05T08:00:59"]
    findings = [json.loads(line) for line in query(siftd, "findings", "--json").splitlines()]
    assert [f["rule"] for f in findings][0] == "oom_memory" and findings[0]["severity"] == "CRIT"
    assert "Out of memory" in query(siftd, "findings", "--status", "open")
    assert query(siftd, "findings", "--status", "resolved") == ""


def test_colours_only_where_somebody_looks(siftd):
    ours, theirs = pty.openpty()
    subprocess.run([siftd.binary, "query", "findings", "--config", siftd.write_config()], stdout=theirs, check=True,
                   env={**os.environ, "NO_COLOR": ""})
    assert b"\x1b[1;35mCRIT" in os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)


def test_follow(siftd):
    command = subprocess.Popen([siftd.binary, "query", "-f", "-n", "1", "--q", "follow", "--config", siftd.write_config()],
                               stdout=subprocess.PIPE, text=True)
    try:
        for number in range(3):
            siftd.client.paste(siftd.ingestion, f"2026-01-05T09:00:00Z INFO app: follow me {number}\n")
            assert command.stdout.readline().rstrip().endswith(f"follow me {number}")
        command.send_signal(signal.SIGINT)
        assert command.wait(10) == 0
    finally:
        command.kill()
        command.wait()


@pytest.mark.parametrize("words, told", [
    (["--levels", "LOUD"], "'LOUD' is not a level"), (["groups", "--follow"], "usage:"), (["--status", "open"], "usage:"),
    (["events", "more"], "usage:"), (["-n", "0"], "--limit"), (["-n", "100001"], "siftd export writes more")])
def test_wrong_usage(siftd, words, told):
    assert told in query(siftd, *words, status=2)


def test_no_such_project(siftd):
    assert 'no project is called "nowhere"' in query(siftd, "--project", "nowhere", status=1)


@pytest.mark.parametrize("command", ["query", "export"])
def test_man_pages(command):
    """clean, and with every option that --help names"""
    path = os.path.join(harness.TOP, f"man/siftd-{command}.1")
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", path], capture_output=True,
                          env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and done.stderr == b""
    told = subprocess.run([harness.BINARY, command, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"--([a-z][a-z-]+)", told))
    assert len(options) > 10
    with open(path, encoding="ascii") as file:
        named = set(re.findall(r"Fl -([a-z][a-z-]*)", file.read()))
    assert options <= named | {"q"} and named <= options | {"q", "n", "f"}
