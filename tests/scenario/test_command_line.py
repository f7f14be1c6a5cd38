"""test_command_line.py - what siftd says to people who mistype, and how it ends then"""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402

WRONG = [
    (["rnu"], 'siftd: no command "rnu", did you mean "run"?'),
    (["xyzzy"], 'siftd: no command "xyzzy"; siftd --help lists them'),
    ([], "usage: siftd COMMAND"),
    (["run", "--confg", "x"], 'siftd run: no option "--confg", did you mean "--config"?'),
    (["run", "--config"], 'siftd run: option "--config" needs a value'),
    (["run", "-c"], 'siftd run: option "-c" needs a value'),
    (["run", "-q"], 'siftd run: no option "-q"'),
    (["run", "extra"], 'siftd run: unexpected "extra"'),
    (["query", "--json=3"], 'siftd query: option "--json" takes no value'),
    (["query", "--leves", "ERROR"], 'siftd query: no option "--leves", did you mean "--levels"?'),
    (["query", "--ts"], 'siftd query: no option "--ts", did you mean "--ts-from"?'),
    (["sift", "--formt=json"], 'siftd sift: no option "--formt", did you mean "--format"?'),
    (["key", "create", "--projct", "x"], 'siftd key: no option "--projct", did you mean "--project"?'),
]


@pytest.mark.parametrize("words, said", WRONG, ids=[" ".join(words) or "none" for words, _ in WRONG])
def test_a_mistake_is_told_with_what_was_meant(words, said):
    done = subprocess.run([harness.BINARY, *words], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0].startswith(said)


def test_check_warns_of_files_that_are_not_there(tmp_path):
    (tmp_path / "a.log").write_text("a line\n", encoding="utf-8")
    path = tmp_path / "siftd.yaml"
    path.write_text(f"sources:\n  - {{type: file, name: logs, paths: ['{tmp_path}/*.log', '{tmp_path}/*.txt']}}\n", encoding="utf-8")
    done = subprocess.run([harness.BINARY, "check", "--config", path], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0 and done.stdout.startswith(f"{path}: ok, 1 source, ")
    assert done.stderr == f'siftd: warning: source "logs": nothing is at {tmp_path}/*.txt now\n'


BROKEN = [
    ('http:\n  listen: "127.0.0.1:80\nsources: []\n', ":4:1: found unexpected end of stream, while scanning a quoted scalar that began at 2:11"),
    ("http:\n\tlisten: 127.0.0.1:80\n", ":2:1: a tab; YAML is indented by spaces"),
    ("http:\n  listen: localhost\n", ':2:3: http.listen: "localhost": expected address:port, as in 127.0.0.1:8080'),
]


@pytest.mark.parametrize("text, said", BROKEN)
def test_a_broken_configuration_is_told_with_its_place(tmp_path, text, said):
    path = tmp_path / "siftd.yaml"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([harness.BINARY, "check", "--config", path], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (78, f"siftd: {path}{said}\n")
