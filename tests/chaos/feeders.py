"""feeders.py - threads that write records by each way in, and keep what was promised

    promised: must be stored once    possible: may be stored, once at most
"""
import gzip
import http.client
import os
import socket
import threading
import time

import harness


class Feeder(threading.Thread):
    def __init__(self, siftd, material, dice, count):
        super().__init__(daemon=True)
        self.siftd, self.material, self.dice, self.count = siftd, material, dice, count
        self.promised, self.possible = {}, {}
        self.stop_by = time.monotonic() + 300
        self.failure = None

    def run(self):
        try:
            self.feed()
        except Exception as failure:  # reported by the round, whatever it is
            self.failure = failure

    def pause(self):
        time.sleep(self.dice.random() * 0.02)


class FileFeeder(Feeder):
    """appends in pieces that end anywhere, and rotates by renaming"""

    source = "file"
    kept = 4
    storm = 0  # rotations that are to follow at once

    def rotate(self, path):
        # none of them is deleted: what is deleted unread is lost with every tool
        last = 1
        while os.path.exists(f"{path}.{last}"):
            last += 1
        for number in range(last, 1, -1):
            os.rename(f"{path}.{number - 1}", f"{path}.{number}")
        os.rename(path, f"{path}.1")

    def feed(self):
        path = os.path.join(self.siftd.logs, "app.log")
        left, rotations = self.count, 0
        while left > 0:
            most = 400 if self.storm == 0 else 10
            records = [self.material.record(self.source, 0) for _ in range(min(left, self.dice.randrange(1, most)))]
            left -= len(records)
            self.promised.update((r.ident, r) for r in records)
            data = "".join(r.line + "\n" for r in records).encode()
            at = 0
            while at < len(data):
                end = at + self.dice.randrange(1, 20000)
                with open(path, "ab") as file:
                    file.write(data[at:end])
                at = end
                self.pause()
            if self.storm > 0:
                self.storm -= 1
                self.rotate(path)
            elif rotations < self.kept and self.dice.random() < 0.03:
                rotations += 1
                self.rotate(path)


class SyslogFeeder(Feeder):
    """LF framing over TCP; a connection that breaks may lose its end, so a new one begins"""

    source = "syslog"

    def connection(self, stream, left):
        sent = 0
        with socket.create_connection(("127.0.0.1", self.siftd.syslog_port), timeout=60) as link:
            while sent < left and self.dice.random() > 0.005:
                records = [self.material.record(self.source, stream) for _ in range(self.dice.randrange(1, 50))]
                self.possible.update((r.ident, r) for r in records)
                sent += len(records)
                # a frame is one line: the records of several lines are sent by their first
                link.sendall("".join("<13>" + r.line.split("\n")[0] + "\n" for r in records).encode())
                self.pause()
        return sent

    def feed(self):
        left, stream = self.count, 0
        while left > 0 and time.monotonic() < self.stop_by:
            try:
                left -= self.connection(stream, left)
            except OSError:
                time.sleep(0.1)
            stream += 1


class PushFeeder(Feeder):
    """pastes; an answer of 2xx is a promise, anything else leaves it open"""

    source = "push"

    def feed(self):
        left, stream = self.count, 0
        while left > 0 and time.monotonic() < self.stop_by:
            records = [self.material.record(self.source, stream) for _ in range(self.dice.randrange(1, 120))]
            stream += 1
            left -= len(records)
            bodies = {r.ident: r for r in records}
            try:
                self.siftd.client.paste(self.siftd.ingestion, "\n".join(r.line for r in records) + "\n")
                self.promised.update(bodies)
            except (OSError, harness.HttpError, ValueError):
                self.possible.update(bodies)
                time.sleep(0.1)
            self.pause()


class UploadFeeder(Feeder):
    """uploads in parts; a client asks where to go on until all is there, so everything is a promise"""

    source = "upload"
    TYPE = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}

    def ask(self, method, path, body=None, **headers):
        return self.siftd.client.request(method, path, body, {**self.TYPE, **headers})[1]

    def insist(self, what):
        """until siftd does it"""
        while time.monotonic() < self.stop_by:
            try:
                return what()
            except (OSError, harness.HttpError, ValueError, http.client.HTTPException):
                time.sleep(0.1)
        raise TimeoutError("siftd takes no upload")

    def upload(self, data):
        begin = {"Upload-Length": str(len(data))}
        path = self.insist(lambda: self.ask("POST", f"{self.siftd.ingestion}/uploads", b"", **begin)["Location"])
        path = path.removeprefix("/api/v1")

        def send_next():
            # what an answer that was lost has moved is asked for
            at = int(self.ask("HEAD", path)["Upload-Offset"])
            if at == len(data):
                return at
            part = data[at:at + self.dice.randrange(1, 1 + len(data))]
            return int(self.ask("PATCH", path, part, **{"Upload-Offset": str(at)})["Upload-Offset"])

        def send_all():
            try:
                while send_next() < len(data):
                    self.pause()
            except harness.HttpError as error:
                # stored to its end, and forgotten, behind a last answer that was lost
                if error.status not in (404, 410):
                    raise
            return True

        self.insist(send_all)

    def feed(self):
        left, stream = self.count, 0
        while left > 0 and time.monotonic() < self.stop_by:
            records = [self.material.record(self.source, stream) for _ in range(self.dice.randrange(1, 500))]
            stream += 1
            left -= len(records)
            data = "".join(r.line + "\n" for r in records).encode()
            self.promised.update((r.ident, r) for r in records)
            self.upload(gzip.compress(data) if self.dice.random() < 0.3 else data)


FEEDERS = {feeder.source: feeder for feeder in (FileFeeder, SyslogFeeder, PushFeeder, UploadFeeder)}
