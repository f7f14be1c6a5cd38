"""material.py - what a round writes: records with an id of their own and known groups

A record's text ends in `id=SOURCE-STREAM-NUMBER`; Truth says what must come of it.
"""
import collections

# (level, service, text); {a} and {b} are numbers. No two of them belong in one group.
SHAPES = (
    ("INFO", "shop", "order {a} placed by customer {b}"),
    ("INFO", "shop", "cart of session {a} saved in {b} ms"),
    ("INFO", "auth", "session {a} opened for account {b}"),
    ("DEBUG", "cache", "evicted {a} keys, {b} bytes freed"),
    ("WARN", "shop", "retry {a} of the call to billing, waiting {b} ms"),
    ("WARN", "cache", "slow lookup took {a} ms for shard {b}"),
    ("ERROR", "billing", "payment failed for invoice {a}, code {b}"),
    ("ERROR", "ledger", "write to volume {a} at block {b}: no space left on device"),
    ("ERROR", "gateway", "certificate verify failed for peer {a} on line {b}"),
    ("CRITICAL", "worker", "java.lang.OutOfMemoryError: Java heap space in task {a} of job {b}"),
)
# what the shipped rules find in them: rule id by shape
FINDINGS = {6: "payment_failure", 7: "disk_full", 8: "tls_cert_failure", 9: "oom_memory"}
WEIGHTS = (30, 20, 20, 10, 6, 6, 3, 2, 2, 1)

Record = collections.namedtuple("Record", "ident shape line")


class Material:
    """hands out records; every id only once"""

    def __init__(self, dice):
        self.dice = dice
        self.numbers = collections.Counter()

    def doomed(self):
        """the line of a record that will be deleted, without a finding: these outlive some of their events"""
        return self.record("doomed", 0, len(SHAPES) - len(FINDINGS)).line

    def record(self, source, stream, shapes=len(SHAPES)):
        key = f"{source}-{stream}"
        number = self.numbers[key]
        self.numbers[key] += 1
        shape = self.dice.choices(range(shapes), WEIGHTS[:shapes])[0]
        level, service, text = SHAPES[shape]
        ident = f"{key}-{number}"
        text = text.format(a=self.dice.randrange(1, 10 ** self.dice.randrange(2, 8)), b=self.dice.randrange(10, 99999))
        stamp = f"2026-01-05T08:{number // 60000 % 60:02d}:{number // 1000 % 60:02d}.{number % 1000:03d}Z"
        line = f"{stamp} {level} {service}: {text} id={ident}"
        # some records have several lines; they must stay in one piece
        if shape == 9 and number % 2:
            line += f"\n\tat com.example.Job.run(Job.java:{number % 97 + 1})\n\tat java.lang.Thread.run(Thread.java:829)"
        return Record(ident, shape, line)
