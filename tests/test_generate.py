"""test_generate.py - the generator of bench logs: same seed, same bytes; as many lines as asked"""
import os
import subprocess

import pytest

GENERATE = os.environ["SIFTD_GENERATE"]


def generate(*arguments):
    done = subprocess.run([GENERATE, *arguments], capture_output=True)
    return done.returncode, done.stdout


def test_same_seed_same_bytes():
    first = generate("--lines", "20000", "--seed", "7")
    assert first == generate("--lines", "20000", "--seed", "7")
    assert first != generate("--lines", "20000", "--seed", "8")


@pytest.mark.parametrize("lines", [0, 1, 9999])
def test_as_many_lines_as_asked(lines):
    code, text = generate("--lines", str(lines))
    assert code == 0
    assert text.count(b"\n") == lines
    assert b"\n\n" not in text


def test_twelve_formats_and_hundreds_of_messages():
    usage = generate("--help")[1].decode()
    formats = usage.split("formats:")[1].split()
    assert len(formats) == 12
    for name in formats:
        code, text = generate("--lines", "50", "--format", name)
        assert code == 0 and text.count(b"\n") == 50
        text.decode("ascii")


def test_adversarial_lines():
    kinds = generate("--help")[1].decode().split("kinds:")[1].split("formats:")[0].split()
    for kind in kinds:
        code, text = generate("--lines", "3", "--adversarial", kind)
        assert code == 0 and text.count(b"\n") == 3
        assert (code, text) == generate("--lines", "3", "--adversarial", kind)
    _, text = generate("--lines", "30000", "--adversarial", "templates")
    assert len(set(text.splitlines())) == 30000
    assert generate("--lines", "1", "--adversarial", "json")[1].count(b"[") == 100000
    with pytest.raises(UnicodeDecodeError):
        generate("--lines", "1", "--adversarial", "invalid")[1].decode()


@pytest.mark.parametrize("arguments", [["--lines", "-1"], ["--rate", "0"], ["--format", "none"], ["--adversarial", "none"], ["--seed", "x"], ["--bogus"]])
def test_bad_arguments(arguments):
    assert generate(*arguments)[0] == 2


def test_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        assert subprocess.run([GENERATE, "--lines", "10"], stdout=full, stderr=subprocess.DEVNULL).returncode == 1
