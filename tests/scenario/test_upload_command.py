"""test_upload_command.py - `siftd upload` brings files of any size, whatever fails meanwhile"""
import os
import re
import subprocess

import harness
import pytest

PARTS = 8 << 20


def lines(count, width=150):
    return "".join(f"2026-01-05T08:00:00Z INFO loader: line {n:07d} {'x' * width}\n" for n in range(count)).encode()


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """more than one part"""
    path = tmp_path_factory.mktemp("upload") / "big.log"
    path.write_bytes(lines(60000))
    assert path.stat().st_size > PARTS
    return path


def command(siftd, *words, **environment):
    """arguments of subprocess"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIFTD_")}
    return {"args": [siftd.binary, "upload", "--url", siftd.client.base, *map(str, words)],
            "env": {**kept, **environment}, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            "text": True}


def upload(siftd, *words, **environment):
    return subprocess.run(**command(siftd, *words, **environment), timeout=120, check=False)


def taken(siftd, done):
    """path of the ingestion that took it"""
    assert done.returncode == 0, done.stderr
    found = re.match(r"ingestion (\d+): \d+ bytes taken$", done.stdout)
    return f"{siftd.scope}/ingestions/{found[1]}"


def test_with_a_key(shared, big):
    key = shared.client.post(f"{shared.scope}/keys", {"name": "uploads"})["key"]
    ingestion = taken(shared, upload(shared, big, SIFTD_KEY=key))
    shared.client.wait_total(ingestion, 60000)
    assert shared.client.get(ingestion)["name"] == "big.log"


def test_with_a_login(shared, tmp_path):
    path = tmp_path / "small.log"
    path.write_bytes(lines(10))
    login = {"SIFTD_PASSWORD": shared.login[1]}
    ingestion = taken(shared, upload(shared, path, "--user", shared.login[0], "--name", "by hand", **login))
    assert shared.client.get(ingestion)["name"] == "by hand"
    again = upload(shared, path, "--user", shared.login[0], "--project", shared.scope.split("/")[-1],
                   "--ingestion", ingestion.split("/")[-1], **login)
    assert taken(shared, again) == ingestion
    shared.client.wait_total(ingestion, 20)


def test_goes_on_with_an_upload(shared, big):
    """begun by somebody else, a part of it there"""
    ingestion = shared.client.new_ingestion(shared.scope, "resumed", "upload")
    tus = {"Tus-Resumable": "1.0.0"}
    data = big.read_bytes()
    _, headers, _ = shared.client.request("POST", f"{ingestion}/uploads", b"", {**tus, "Upload-Length": str(len(data))})
    path = headers["Location"].removeprefix("/api/v1")
    shared.client.request("PATCH", path, data[:12345], {
        **tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    words = ("--user", shared.login[0], "--ingestion", ingestion.split("/")[-1], "--upload", path.split("/")[-1])
    assert taken(shared, upload(shared, big, *words, SIFTD_PASSWORD=shared.login[1])) == ingestion
    shared.client.wait_total(ingestion, 60000)


def test_the_server_dies_meanwhile(make_siftd, tmp_path):
    siftd = make_siftd()
    siftd.add_file_source()
    siftd.start()
    siftd.scope = siftd.client.default_scope()
    path = tmp_path / "long.log"
    path.write_bytes(lines(30000, 1500))
    with subprocess.Popen(**command(siftd, path, "--user", siftd.login[0], SIFTD_PASSWORD=siftd.login[1])) as sender:
        assert "--upload" in sender.stderr.readline()
        siftd.kill()
        siftd.launch()
        siftd.wait_ready()
        stdout, stderr = sender.communicate(timeout=120)
    done = subprocess.CompletedProcess(sender.args, sender.returncode, stdout, stderr)
    siftd.client.wait_total(taken(siftd, done), 30000)


@pytest.mark.parametrize("words, environment, said", [
    (["FILE"], {}, "SIFTD_KEY"),
    (["FILE"], {"SIFTD_KEY": "sift_nobody_nothing"}, "401"),
    (["FILE", "--user", "nobody@example.com"], {"SIFTD_PASSWORD": "wrong words"}, "password is wrong"),
    (["FILE", "--user", "ADMIN"], {}, "no password"),
    (["FILE", "--user", "ADMIN", "--project", "none such"], {"SIFTD_PASSWORD": "RIGHT"}, 'no project "none such"'),
    (["FILE", "--user", "ADMIN", "--ingestion", "999999"], {"SIFTD_PASSWORD": "RIGHT"}, "404"),
    (["/nonexistent"], {"SIFTD_KEY": "x"}, "/nonexistent: No such file"),
    (["/dev/null"], {"SIFTD_KEY": "x"}, "not empty"),
    (["FILE", "--url", "http://127.0.0.1:1"], {"SIFTD_KEY": "x"}, "http://127.0.0.1:1"),
])
def test_what_is_said(shared, big, words, environment, said):
    places = {"FILE": str(big), "ADMIN": shared.login[0], "RIGHT": shared.login[1]}
    done = upload(shared, *[places.get(word, word) for word in words],
                  **{name: places.get(value, value) for name, value in environment.items()})
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1 and done.stderr.startswith("siftd upload: ")


@pytest.mark.parametrize("words", [[], ["a", "b"], ["a", "--upload", "x"], ["a", "--project", "x"], ["a", "--nothing"],
                                   ["a", "--ingestion", "x"], ["a", "--ingestion", "1", "--name", "x"]])
def test_wrong_usage(shared, words):
    assert upload(shared, *words).returncode == 2
