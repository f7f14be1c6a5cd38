"""test_sift.py - the sift command, driven as people and tools drive it"""
import fcntl
import gzip
import json
import os
import pty
import random
import re
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402
import schema  # noqa: E402

DEMO = [os.path.join(harness.TOP, "conf/demo", name)
        for name in sorted(os.listdir(os.path.join(harness.TOP, "conf/demo"))) if name.endswith(".log")]
STATS = ["bytes", "lines", "records", "groups", "findings", "seconds", "mb_per_s"]
RECORD = ["line", "ts", "level", "service", "host", "message", "attributes", "kind", "confidence",
          "fingerprint", "group", "template", "variables"]

COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
TIME = {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
LEVELS = {"type": "object", "additionalProperties": COUNT}


def closed(**properties):
    """an object with exactly these members"""
    return {"type": "object", "required": list(properties), "properties": properties,
            "additionalProperties": {"enum": []}}


REPORT = closed(
    version={"const": 1},
    stats=closed(bytes=COUNT, lines=COUNT, records=COUNT, groups=COUNT, findings=COUNT,
                 seconds={"type": "number"}, mb_per_s={"type": "number"}),
    shapes=closed(hits=COUNT, misses=COUNT, evictions=COUNT),
    findings={"type": "array", "items": closed(
        rule=TEXT, title=TEXT, severity={"enum": ["CRIT", "HIGH", "MED", "LOW"]},
        confidence={"type": "number", "minimum": 0, "maximum": 1}, key={"type": ["string", "null"]},
        description={"type": ["string", "null"]}, first_checks={"type": "array", "items": TEXT},
        references={"type": "array", "items": TEXT},
        total_occurrences=COUNT, templates=COUNT, first_seen=TIME, last_seen=TIME,
        evidence={"type": "array", "minItems": 1, "maxItems": 4, "items": closed(line=COUNT, raw=TEXT)})},
    groups={"type": "array", "items": closed(
        group={"type": "string", "pattern": "^[0-9a-f]{16}$"}, template=TEXT, count=COUNT,
        share={"type": "number", "minimum": 0, "maximum": 1}, levels=LEVELS,
        service={"type": ["string", "null"]}, first_seen=TIME, last_seen=TIME, first_line=COUNT,
        templates=COUNT, sample=TEXT)},
    other={"type": ["object", "null"], "properties": {"count": COUNT, "levels": LEVELS, "templates": COUNT}})


def sift(*words, data=b"", status=0, **environment):
    done = subprocess.run([harness.BINARY, "sift", *words], input=data, capture_output=True,
                          env={**os.environ, **environment}, timeout=120)
    assert done.returncode == status, done
    return done


def assign(data, *words):
    """[(line, group, template)]"""
    out = sift("--assign", *words, data=data).stdout.decode(errors="surrogateescape")
    rows = [row.split("\t") for row in out.split("\n")[:-1]]
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(len(row) == 3 for row in rows)
    return rows


def records(data, *words):
    return [json.loads(line) for line in sift("--records", *words, data=data).stdout.splitlines()]


def last_json(done):
    return json.loads(done.stderr.splitlines()[-1])


def test_report_has_findings_first():
    text = sift(*DEMO).stdout.decode()
    assert "\x1b" not in text
    assert text.index("FINDINGS") < text.index("GROUPS")
    severities = re.findall(r"^(CRIT|HIGH|MED|LOW) ", text, re.M)
    order = ["CRIT", "HIGH", "MED", "LOW"]
    assert severities == sorted(severities, key=order.index) and severities
    titles = re.findall(r"^HIGH +\S+  (.*?)  ", text, re.M)
    assert titles[-1] == "Unclassified errors" and len(titles) > 2


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 132, 250])
def test_report_fits_the_width(columns):
    wide = "2026-03-01T10:00:00Z ERROR 决済サービス: 接続に失敗しました " + "長い行" * 200 + "\n"
    text = sift(*DEMO, "-", data=wide.encode(), COLUMNS=str(columns)).stdout.decode()
    for line in text.split("\n"):
        shown = sum(2 if ord(c) >= 0x3000 and ord(c) < 0xff60 else 1 for c in line)
        assert shown <= columns, line


def test_colours():
    plain = sift(*DEMO).stdout
    assert sift("--color", "never", *DEMO).stdout == plain
    coloured = sift("--color", "always", *DEMO, NO_COLOR="1").stdout
    assert b"\x1b[" in coloured
    assert re.sub(rb"\x1b\[[0-9;]*m", b"", coloured) == plain


def test_log_text_cannot_command_the_terminal():
    evil = b"2026-03-01T10:00:00Z ERROR failed \x1b]0;owned\x07\x1b[2J \x9b31m \xff\n"
    text = sift("--color", "always", data=evil).stdout
    assert not re.sub(rb"\x1b\[[0-9;]*m", b"", text).translate(None, bytes(range(0x20, 0x80)) + b"\n").replace(
        b"\xc3\x97", b"").strip(bytes(range(0xe2, 0xe3)) + bytes(range(0x80, 0xc0)))
    assert b"\x07" not in text and b"\x1b]" not in text and b"\x1b[2J" not in text


def test_json_follows_its_schema():
    done = sift("--format", "json", *DEMO)
    report = json.loads(done.stdout)
    assert list(schema.errors({}, REPORT, report)) == []
    assert report["stats"]["findings"] == len(report["findings"]) > 5
    assert report["stats"]["groups"] == len(report["groups"])
    assert sum(g["count"] for g in report["groups"]) == report["stats"]["records"]
    assert all(sum(g["levels"].values()) == g["count"] for g in report["groups"])
    # a schema that takes everything proves nothing
    report["groups"][0]["surprise"] = 1
    assert list(schema.errors({}, REPORT, report))


def test_json_of_nothing():
    report = json.loads(sift("--format", "json").stdout)
    assert list(schema.errors({}, REPORT, report)) == []
    assert report["findings"] == report["groups"] == [] and report["other"] is None


def test_stats():
    done = sift("--stats", "--quiet", *DEMO)
    assert done.stdout == b"" and done.stderr.count(b"\n") == 1
    stats = last_json(done)
    assert list(stats) == STATS
    assert stats["bytes"] == sum(os.path.getsize(path) for path in DEMO)
    assert stats["lines"] == sum(open(path, "rb").read().count(b"\n") for path in DEMO)


CORNERS = {
    "nothing": (b"", []),
    "only blank lines": (b"\n\n \n", ["-", "-", "-"]),
    "no final newline": (b"alpha beta", [1]),
    "NUL bytes": (b"a\0b c\n\0\n", [1, 2]),
    "blank lines in front": (b"\n\nalpha beta\n", ["-", "-", 1]),
    "blank lines inside and behind": (
        b"2026-03-01T10:00:00Z ERROR boom\n\n  at x.y(Z.java:1)\n\n2026-03-01T10:00:01Z INFO calm\n\n",
        [1, 1, 1, 1, 2, 2]),
    "CRLF": (b"alpha beta\r\ngamma delta epsilon\r\n", [1, 2]),
    "tabs and escapes": (b"tab\there \x1b[1m\x7f\n", [1]),
    "not UTF-8": (b"\xff\xfe\x80 broken\n", [1]),
}


@pytest.mark.parametrize("name", CORNERS)
def test_assign_covers_every_line(name):
    data, expected = CORNERS[name]
    rows = assign(data)
    assert len(rows) == len(expected)
    names = {}
    for (_, group, template), wanted in zip(rows, expected):
        assert (group == "-") == (wanted == "-")
        if wanted == "-":
            assert template == ""
            continue
        assert re.fullmatch("[0-9a-f]{16}", group)
        assert names.setdefault(group, wanted) == wanted
        assert not re.search("[\x00-\x1f\x7f]", template)
    lines = last_json(sift("--stats", "--quiet", data=data))["lines"]
    assert lines == len(expected)


@pytest.mark.parametrize("name", CORNERS)
def test_records_agree_with_assign(name):
    data, _ = CORNERS[name]
    groups = {int(line): group for line, group, _ in assign(data)}
    found = records(data)
    for record in found:
        assert list(record) == RECORD
        assert groups[record["line"]] == record["group"]
    assert [r["line"] for r in found] == sorted({r["line"] for r in found})


def test_groups_are_final_for_early_lines():
    data = "".join(f"2026-03-01T10:00:00Z INFO user {n}x{n} logged in from host-{n}\n" for n in range(500)).encode()
    rows = assign(data)
    assert len({(group, template) for _, group, template in rows}) == 1
    assert {r["group"] for r in records(data)} == {rows[0][1]}
    assert rows == assign(data)


def test_lines_run_on_over_files(tmp_path):
    first, last = tmp_path / "first.log", tmp_path / "last.log"
    first.write_bytes(b"2026-03-01T10:00:00Z INFO one\n2026-03-01T10:00:00Z INFO two, no newline")
    last.write_bytes(b"  indented, but a record of its own file\n")
    assert len(assign(b"", str(first), str(last))) == 3
    assert [r["line"] for r in records(b"", str(first), str(last))] == [1, 2, 3]


def test_unreadable_file_in_the_middle(tmp_path):
    good = tmp_path / "good.log"
    good.write_bytes(b"alpha beta\n")
    done = sift("--stats", str(good), str(tmp_path / "gone.log"), str(tmp_path), str(good), status=1)
    assert b"gone.log: No such file or directory" in done.stderr
    assert b"is a directory" in done.stderr
    assert last_json(done)["records"] == 2
    assert b"2 records in 1 group" in done.stdout


@pytest.mark.parametrize("pack", ["gzip", "zstd"])
def test_compressed_input(tmp_path, pack):
    plain = open(DEMO[0], "rb").read()
    packed = gzip.compress(plain) if pack == "gzip" else subprocess.run(
        ["zstd", "-q", "-c"], input=plain, capture_output=True, check=True).stdout
    path = tmp_path / "packed"
    path.write_bytes(packed)
    wanted = sift("--assign", data=plain).stdout
    assert sift("--assign", data=packed).stdout == wanted
    assert sift("--assign", str(path)).stdout == wanted
    assert sift("--records", data=packed).stdout == sift("--records", data=plain).stdout
    path.write_bytes(packed[:len(packed) // 2])
    assert b"packed: " in sift("--quiet", str(path), status=1).stderr


@pytest.mark.parametrize("words", [[], ["--assign"], ["--records"], ["--format", "json"]])
def test_reader_that_stops_early(tmp_path, words):
    path = tmp_path / "long.log"
    path.write_bytes(b"".join(b"2026-03-01T10:00:00Z INFO %d bottles of %x\n" % (n, n) for n in range(50000)))
    command = f"{harness.BINARY} sift {' '.join(words)} {path} | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60)
    assert done.stderr == b""
    # small output may all fit into the pipe
    assert done.stdout[1:] in (b"141\n", b"0\n") and (not words or words[0] == "--format" or b"141" in done.stdout)


def test_fail_on():
    mild = b"2026-03-01T10:00:00Z INFO all is well\n"
    bad = b"2026-03-01T10:00:00Z ERROR java.lang.OutOfMemoryError: Java heap space\n"
    assert json.loads(sift("--format", "json", data=bad).stdout)["findings"][0]["severity"] == "CRIT"
    for severity in ("low", "med", "high", "crit"):
        sift("--fail-on", severity, data=mild)
        assert sift("--fail-on", severity, "--quiet", data=bad, status=3).stdout == b""
    sift("--fail-on", "crit", data=b"2026-03-01T10:00:00Z ERROR it failed\n")
    sift("--fail-on", "high", data=b"2026-03-01T10:00:00Z ERROR it failed\n", status=3)


HOURS = b"".join(b"2026-03-01T%02d:00:00Z INFO hour\nno time of its own\n" % n for n in range(24))


@pytest.mark.parametrize("words,lines", [
    (["--since", "2026-03-01T22:00:00Z"], [45, 46, 47, 48]),
    (["--until", "2026-03-01 01:00"], [1, 2]),
    (["--since", "2026-03-01 10:00", "--until", "2026-03-01T12:00:00+01:00"], [21, 22]),
    (["--until", "-1h"], list(range(1, 49))),
    (["--since", "2027-01-01"], []),
])
def test_since_and_until(words, lines):
    assert {int(line) for line, group, _ in assign(HOURS, *words) if group != "-"} == set(lines)
    assert {r["line"] for r in records(HOURS, *words)} <= set(lines)
    done = sift("--stats", *words, data=HOURS)
    stats = last_json(done)
    assert stats["records"] + stats["left_out"] == last_json(sift("--stats", data=HOURS))["records"]
    assert f"{stats['left_out']} records outside --since and --until left out".encode() in done.stdout


def test_time_in_front_of_all_stamps_is_kept():
    data = b"lead without a stamp\n" + HOURS
    assert 1 in {r["line"] for r in records(data, "--since", "2026-03-01 23:00")}


@pytest.mark.parametrize("words", [
    ["--since", "tomorrow"], ["--until", ""], ["--top", "x"], ["--top", "-1"], ["--format", "xml"],
    ["--color", "blue"], ["--fail-on", "worst"], ["--assign", "--records"], ["--nonsense"],
    ["--since", "-1h", "--until", "-2h"], ["--top"],
])
def test_wrong_usage(words):
    done = sift(*words, status=2)
    assert done.stdout == b"" and done.stderr


def test_top():
    def shown(*words):
        return len(re.findall(r"^ *\d+ +\d+\.\d%", sift(*words, *DEMO).stdout.decode(), re.M))
    total = last_json(sift("--stats", "--quiet", *DEMO))["groups"]
    assert shown("--top", "7") == 7 and shown() == 40 and shown("--top", "0") == total


def test_options_are_documented():
    options = re.findall(r"^  --([a-z-]+)", sift("--help").stdout.decode(), re.M)
    assert len(options) == 12
    with open(os.path.join(harness.TOP, "man/siftd-sift.1")) as file:
        man = file.read()
    with open(os.path.join(harness.TOP, "docs/sift.md")) as file:
        page = file.read()
    for option in options:
        assert re.search(rf"^\.It Fl -{option}( |$)", man, re.M), option
        assert f"--{option}" in page, option
    assert set(re.findall(r"^\.It Fl -([a-z-]+)", man, re.M)) == set(options)


def test_man_page_is_clean():
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", os.path.join(harness.TOP, "man/siftd-sift.1")],
                          capture_output=True, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and done.stderr == b"" and b"--fail-on" in done.stdout


def catches(pid, number=signal.SIGINT):
    with open(f"/proc/{pid}/status") as file:
        caught = int(re.search(r"^SigCgt:\s*(\w+)", file.read(), re.M)[1], 16)
    return caught >> (number - 1) & 1


def take_sigint():
    """what runs in the background may have it ignored, and children inherit that"""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_signal_ends_a_pipe_without_a_terminal():
    child = subprocess.Popen([harness.BINARY, "sift"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             preexec_fn=take_sigint)
    child.stdin.write(b"2026-03-01T10:00:00Z INFO one\n2026-03-01T10:00:01Z INFO two\n")
    child.stdin.flush()
    # rules are compiled first; until then a signal ends the process
    harness.wait_until(lambda: catches(child.pid), 20, "SIGINT is caught")
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    assert b"2 records" in child.stdout.read()
    assert child.wait(10) == 0


def test_signal_ends_a_pipe_that_is_never_empty():
    busy = subprocess.Popen(["yes", "2026-03-01T10:00:00Z INFO busy"], stdout=subprocess.PIPE)
    child = subprocess.Popen([harness.BINARY, "sift", "--stats", "--quiet"], stdin=busy.stdout,
                             stderr=subprocess.PIPE, preexec_fn=take_sigint)
    busy.stdout.close()
    try:
        harness.wait_until(lambda: catches(child.pid), 20, "SIGINT is caught")
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        assert json.loads(child.stderr.read())["records"] > 1000
        assert child.wait(10) == 0
    finally:
        busy.kill()
        busy.wait()
        child.kill()


def test_memory_is_bounded(tmp_path):
    """distinct lines of random words and lengths, of them a quarter errors"""
    path = tmp_path / "random.log"
    rng = random.Random(11)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(50000)]
    with open(path, "w") as file:
        for n in range(300000):
            level = ("INFO", "ERROR failed", "WARN", "DEBUG")[n % 4]
            file.write(f"{level} {' '.join(rng.choices(words, k=rng.randint(3, 30)))}\n")
    done = subprocess.run(["/usr/bin/time", "-f", "%M", harness.BINARY, "sift", "--quiet", str(path)],
                          capture_output=True, check=True)
    assert int(done.stderr.split()[-1]) < 200 * 1000


class Terminal:
    """siftd sift on a terminal of its own, fed by a pipe"""

    def __init__(self, rows, columns):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        self.child = subprocess.Popen([harness.BINARY, "sift"], stdin=subprocess.PIPE, stdout=slave,
                                      stderr=subprocess.DEVNULL, env={**environment, "TERM": "xterm-256color"},
                                      preexec_fn=take_sigint)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.seen = b""

    def feed(self, data):
        self.child.stdin.write(data)
        self.child.stdin.flush()

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.seen += os.read(self.master, 65536)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:  # the other side is closed
                return

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.master)


@pytest.fixture
def terminal():
    made = Terminal(24, 80)
    yield made
    made.close()


def test_live_report(terminal):
    harness.wait_until(lambda: catches(terminal.child.pid), 20, "SIGINT is caught")
    for n in range(40):
        terminal.feed(b"2026-03-01T10:00:%02dZ ERROR connection refused by 10.0.0.%d\n" % (n, n))
        terminal.read(0.05)
    terminal.read(1.5)
    pictures = terminal.seen.split(b"\x1b[H")[1:]
    # 3.5 seconds at most four times a second
    assert 3 <= len(pictures) <= 15
    assert terminal.seen.count(b"\x1b[?1049h") == 1 and b"\x1b[?1049l" not in terminal.seen
    for picture in pictures:
        assert picture.count(b"\n") < 24
    # the last record is shown without waiting for the next one
    assert b"40" in re.sub(rb"\x1b\[[0-9;]*[mK]", b"", pictures[-1]).split(b" records")[0]
    terminal.child.send_signal(signal.SIGINT)
    terminal.read(20)
    assert terminal.child.wait(10) == 0
    final = re.sub(rb"\x1b\[[0-9;]*m", b"", terminal.seen.split(b"\x1b[?1049l")[1])
    assert b"40 records in 1 group" in final and b"FINDINGS" in final


def test_short_pipe_is_not_live(terminal):
    terminal.feed(b"2026-03-01T10:00:00Z INFO one\n")
    terminal.child.stdin.close()
    terminal.read(20)
    assert terminal.child.wait(10) == 0
    assert b"\x1b[?1049h" not in terminal.seen and b"1 group" in re.sub(rb"\x1b\[[0-9;]*m", b"", terminal.seen)
