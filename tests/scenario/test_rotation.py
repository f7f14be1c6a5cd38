"""test_rotation.py - 24 ways in which users of log collectors lost lines or got them twice when
files were rotated; one siftd reads them all, and each line must be stored exactly once"""
import collections
import gzip
import os
import re
import shutil
import subprocess
import time

import pytest

import harness

NUMBER = re.compile(r"n=(\d+)")


class Case:
    """a folder of logs of its own, and the numbers of the lines that were written into it"""

    def __init__(self, siftd, name):
        self.siftd, self.name, self.written = siftd, name, 0
        self.folder = os.path.join(siftd.logs, name)
        os.mkdir(self.folder, 0o711)
        self.log = self.path("app.log")

    def path(self, name):
        return os.path.join(self.folder, name)

    def lines(self, count):
        first = self.written
        self.written += count
        return "".join(f"2026-01-05T08:00:00Z INFO worker: {self.name} item stored n={first + i:05d}\n"
                       for i in range(count)).encode()

    def write(self, count, name="app.log"):
        with open(self.path(name), "ab") as file:
            file.write(self.lines(count))

    def rename(self, old, new):
        os.rename(self.path(old), self.path(new))

    def stored(self):
        found = self.siftd.client.events(self.siftd.scope, q=f" {self.name} ")
        return collections.Counter(int(NUMBER.search(event["message"]).group(1)) for event in found)

    def wait_read(self):
        """all lines written so far are stored"""
        harness.wait_until(lambda: len(self.stored()) >= self.written, 30,
                           lambda: f"{self.written} lines of {self.name}, there are {len(self.stored())}; siftd says:\n"
                                   f"{self.siftd.stderr()[-3000:]}", every_s=0.1)

    def settle(self):
        """time for siftd to see the folder as it is now"""
        time.sleep(0.5)

    def check(self):
        """every line once, and still so after everything in the folder was looked at again"""
        self.wait_read()
        self.settle()
        found = self.stored()
        missing = sorted(set(range(self.written)) - set(found))
        twice = sorted(number for number, times in found.items() if times > 1)
        assert (missing, twice) == ([], []), self.name


@pytest.fixture(scope="module", name="siftd")
def one_siftd():
    siftd = harness.Siftd()
    siftd.config["http"].update(reads_per_minute=100000, logins_per_minute=1000)
    siftd.config.update(batch={"age": "50ms"}, record={"close_after": "200ms"})
    siftd.config["sources"].append({
        "type": "file", "name": "files", "paths": [os.path.join(siftd.logs, "*", "*.log*")],
        "rescan": "200ms", "linger": "300ms",
    })
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
        assert siftd.stop() == 0
    finally:
        siftd.cleanup()


@pytest.fixture(name="case")
def case_of_test(siftd, request):
    return Case(siftd, request.node.name[5:].replace("_", "-"))


def restart(siftd, between, kill=False):
    """ends siftd, does something while it is away, and starts it again"""
    if kill:
        siftd.kill()
    else:
        assert siftd.stop() == 0
    between()
    siftd.start()


def test_rename_then_create(case):
    """logrotate's default: the last lines of the renamed file are stored, and the new file is"""
    case.write(100)
    case.wait_read()
    case.write(50)
    case.rename("app.log", "app.log.1")
    case.write(70)
    case.check()


def test_writer_holds_the_renamed_file(case):
    """a program that has not reopened its log yet writes on into the renamed file"""
    with open(case.log, "ab", buffering=0) as old:
        old.write(case.lines(100))
        case.wait_read()
        case.rename("app.log", "app.log.1")
        case.write(50)
        old.write(case.lines(30))
        case.wait_read()
        old.write(case.lines(30))
    case.check()


def test_rename_chain(case):
    """.2 becomes .3, .1 becomes .2, the log becomes .1: names move, files do not"""
    for _ in range(4):
        case.write(40)
        case.settle()
        for number in (3, 2, 1):
            if os.path.exists(case.path(f"app.log.{number}")):
                case.rename(f"app.log.{number}", f"app.log.{number + 1}")
        case.rename("app.log", "app.log.1")
    case.write(40)
    case.check()


def test_rotations_faster_than_a_scan(case):
    """size-based rotation under load: ten files come and go between two looks at the folder"""
    for number in range(10):
        case.write(20)
        case.rename("app.log", f"app.log.{number}")
    case.write(20)
    case.check()


def test_dates_as_suffixes(case):
    """dateext: the renamed file goes by a date in the middle of its name"""
    case.write(60)
    case.wait_read()
    case.rename("app.log", "app-20260105.log")
    case.write(60)
    case.check()


def test_no_file_for_a_while(case):
    """nocreate: between rename and the next write the log does not exist"""
    case.write(60)
    case.wait_read()
    case.rename("app.log", "app.log.1")
    case.settle()
    case.write(60)
    case.check()


def test_copytruncate(case):
    """the log is copied to a name that no pattern has, then truncated"""
    with open(case.log, "ab", buffering=0) as log:
        log.write(case.lines(100))
        case.wait_read()
        shutil.copyfile(case.log, case.path("old"))
        os.truncate(case.log, 0)
        case.settle()
        log.write(case.lines(60))
    case.check()


def test_copytruncate_into_the_pattern(case):
    """the copy matches the pattern as well: what was read is not read again, what was not is"""
    with open(case.log, "ab", buffering=0) as log:
        log.write(case.lines(400))
        case.wait_read()
        for number in range(1, 4):
            log.write(case.lines(100))
            shutil.copyfile(case.log, case.path(f"app.log.{number}"))
            os.truncate(case.log, 0)
            log.write(case.lines(80))
            case.wait_read()
    case.check()


def test_truncated_and_longer_at_once(case):
    """after the truncation the log is longer than before when it is looked at again"""
    case.write(50)
    case.wait_read()
    with open(case.log, "r+b") as log:
        log.truncate(0)
        log.write(case.lines(200))
    case.check()


def test_truncated_while_away(case):
    """the truncation happens while siftd is not running"""
    case.write(100)
    case.wait_read()

    def between():
        with open(case.log, "wb") as log:
            log.write(case.lines(150))

    restart(case.siftd, between)
    case.check()


def test_deleted_and_made_again(case):
    """a new file under the old name begins at its beginning"""
    for _ in range(3):
        case.write(50)
        case.wait_read()
        os.unlink(case.log)
    case.write(50)
    case.check()


def test_same_inode_while_away(case):
    """the file system gives a new log the inode of the old one while siftd is not running"""
    case.write(100)
    case.wait_read()
    inode = os.stat(case.log).st_ino

    def between():
        os.unlink(case.log)
        for attempt in range(2000):
            # whoever gets the number becomes the log
            path = case.path(f"try-{attempt}")
            with open(path, "wb"):
                pass
            if os.stat(path).st_ino == inode or attempt == 1999:
                os.rename(path, case.log)
                break
        case.write(130)

    restart(case.siftd, between)
    case.check()


def test_moved_away_and_back(case):
    """a log that leaves its folder and comes back is gone on with, not begun again"""
    aside = case.siftd.logs + "-aside"
    case.write(80)
    case.wait_read()
    os.rename(case.log, aside)
    time.sleep(0.8)
    with open(aside, "ab") as log:
        log.write(case.lines(40))
    os.rename(aside, case.log)
    case.write(20)
    case.check()


def test_unreadable_at_first(case):
    """a log that cannot be opened is tried again, and read from its beginning once it can"""
    os.symlink(case.path("target"), case.log)
    case.settle()
    case.write(70, "target")
    case.check()


def test_link_switched(case):
    """a link leads to another file: the old one is read to its end, the new one from its beginning"""
    case.write(60, "first")
    os.symlink("first", case.log)
    case.wait_read()
    case.write(20, "first")
    os.symlink("second", case.path("new-link"))
    case.write(60, "second")
    os.rename(case.path("new-link"), case.log)
    case.check()


def test_two_names_of_one_file(case):
    """a hard link and a symbolic link to a log are the same log"""
    case.write(60)
    os.link(case.log, case.path("hard.log"))
    os.symlink("app.log", case.path("soft.log"))
    case.wait_read()
    case.write(30)
    case.check()


def test_compressed_after_it_was_read(case):
    """gzip takes the rotated file's place: none of it is stored again, not after a restart either"""
    case.write(500)
    case.wait_read()
    case.rename("app.log", "app.log.1")
    case.write(20)
    case.wait_read()
    subprocess.run(["gzip", case.path("app.log.1")], check=True)
    case.check()
    restart(case.siftd, lambda: None)
    case.check()
    ledger = case.siftd.client.source("files")["ledger"]
    # the archive, as often as it was looked at
    assert ledger["closed"] and ledger["deduplicated_bytes"] > 500 * 70


def test_compressed_before_it_was_read(case):
    """rotated and compressed while siftd is away: the lines that it has not seen are read from the archive"""
    case.write(500)
    case.wait_read()

    def between():
        case.write(300)
        case.rename("app.log", "app.log.1")
        subprocess.run(["gzip", case.path("app.log.1")], check=True)
        case.write(40)

    restart(case.siftd, between)
    case.check()


def test_compressed_by_zstd_amid_kills(case):
    """kill -9 before and after a rotation with zstd leaves neither a gap nor a double"""
    case.write(3000)
    restart(case.siftd, lambda: case.write(200), kill=True)
    case.write(1000)
    case.rename("app.log", "app.log.1")
    subprocess.run(["zstd", "-q", "--rm", case.path("app.log.1")], check=True)
    restart(case.siftd, lambda: case.write(40), kill=True)
    case.check()


def test_old_archives(case):
    """compressed logs from before siftd was there are read, once, however often it starts"""
    with gzip.open(case.path("app.log.3.gz"), "wb") as archive:
        archive.write(case.lines(400))
    with open(case.path("app.log.2.gz"), "wb") as archive:
        # two members one after the other, as cat makes them
        archive.write(gzip.compress(case.lines(100)) + gzip.compress(case.lines(100)))
    case.check()
    restart(case.siftd, lambda: case.rename("app.log.3.gz", "app.log.4.gz"))
    case.check()


def test_slow_compressor(case):
    """the archive is there in part while the log beside it still is: it is not begun too early"""
    case.write(2000)
    case.wait_read()
    case.rename("app.log", "app.log.1")
    case.write(10)
    with open(case.path("app.log.1"), "rb") as plain:
        packed = gzip.compress(plain.read())
    with open(case.path("app.log.1.gz"), "wb", buffering=0) as archive:
        archive.write(packed[:len(packed) // 2])
        case.settle()
        archive.write(packed[len(packed) // 2:])
    case.settle()
    os.unlink(case.path("app.log.1"))
    case.check()


def test_no_newline_at_the_end(case):
    """the last line of a rotated file has no newline: it is a line, and not joined with the next file's"""
    case.write(30)
    case.wait_read()
    with open(case.log, "ab") as log:
        log.write(case.lines(1).rstrip(b"\n"))
    case.rename("app.log", "app.log.1")
    case.write(30)
    case.check()


def test_rotated_while_away(case):
    """three rotations while siftd is not running: each file is gone on with where it was left, or begun"""
    case.write(90)
    case.wait_read()

    def between():
        case.write(10)
        case.rename("app.log", "app.log.1")
        case.write(50)
        case.rename("app.log.1", "app.log.2")
        case.rename("app.log", "app.log.1")
        case.write(50)

    restart(case.siftd, between)
    case.check()


def test_folder_removed_and_made_again(case):
    """the whole folder goes, and comes back with a log of the same name"""
    case.write(60)
    case.wait_read()
    shutil.rmtree(case.folder)
    case.settle()
    os.mkdir(case.folder, 0o711)
    case.write(60)
    case.check()
