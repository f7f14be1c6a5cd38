"""tally.py - what really happened in the rounds: a fault that never struck proves nothing"""
import collections
import re

# one before and one after each durable step; see base/crash_point.h
CRASH_POINTS = (
    "flush.guarded", "flush.sent", "flush.synced", "flush.committed", "flush.told",
    "lane.sealed", "flows.rewind", "spool.segment_made", "spool.written", "spool.durable", "spool.trim",
    "push.spooled", "upload.written", "upload.named", "upload.stored",
    "upkeep.locked", "upkeep.stepped", "upkeep.swept", "compact.sent", "compact.replaced",
)
FIRED = re.compile(r"^siftd: crash point (\S+)$", re.M)
# what siftd must have met, by what it says of it
MET = {
    "commits whose answer was lost": re.compile(r"the batch was committed, its answer was lost"),
    "guards that failed": re.compile(r"the guard failed"),
    "rewinds": re.compile(r"all sources start again from their stored positions"),
    "deadlocks": re.compile(r"two writers met.* sqlstate=40P01"),
    "serialization failures": re.compile(r"two writers met.* sqlstate=40001"),
    "read-only servers": re.compile(r"in a read-only transaction"),
    "servers that shut down": re.compile(r"the database system is (shutting down|starting up)"),
    "full disks": re.compile(r"No space left on device"),
}
PASSES_MAX = 4


class Tally:
    def __init__(self, disks, sources):
        self.points = [name for name in CRASH_POINTS if not name.startswith(("push", "upload"))
                       or name.split(".")[0] in sources]
        self.armed, self.fired = collections.Counter(), collections.Counter()
        self.met = collections.Counter()
        self.passes = dict.fromkeys(self.points, PASSES_MAX)
        self.expected = [name for name in MET if disks or name != "full disks"]

    def choose(self, dice):
        """NAME:PASS of one of the points that were chosen least"""
        least = min(self.armed[name] for name in self.points)
        name = dice.choice([name for name in self.points if self.armed[name] == least])
        self.armed[name] += 1
        return f"{name}:{dice.randrange(1, self.passes[name] + 1)}"

    def end_round(self, chosen, stderr, merges):
        """chosen: of this round"""
        fired = collections.Counter(FIRED.findall(stderr))
        self.fired.update(fired)
        for point in chosen:
            name = point.split(":")[0]
            if not fired[name]:
                # it is passed more seldom than that
                self.passes[name] = max(1, self.passes[name] // 2)
        for name, said in MET.items():
            self.met[name] += len(said.findall(stderr))
        self.met["merges of blocks"] += merges

    def missed(self):
        return [f"crash point {name}" for name in self.points if not self.fired[name]] + [
            name for name in (*self.expected, "merges of blocks") if not self.met[name]]

    def lines(self):
        yield "crash points: " + ", ".join(f"{name} {self.fired[name]} of {self.armed[name]}" for name in self.points)
        yield "met: " + ", ".join(f"{name} {count}" for name, count in self.met.items())
        if self.missed():
            yield "never happened: " + ", ".join(self.missed())
