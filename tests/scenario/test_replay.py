"""test_replay.py - the same log gives the same findings: daemons that are killed, batches of any size

A few replays; SIFTD_REPLAYS=100 asks for more, and SIFTD_REPLAY_SEED=1000 for others. With -s it says
how far it is."""
import os
import random
import re
import shutil

import harness
from finding_history import WINDOWS, facts, history

REPLAYS = int(os.environ.get("SIFTD_REPLAYS", "3"))
FIRST_SEED = int(os.environ.get("SIFTD_REPLAY_SEED", "0"))


class Replay:
    def __init__(self, make_siftd, postgres, seed, login):
        self.rng = random.Random(seed + FIRST_SEED)
        self.daemons = []
        self.login = login
        self.kills = 0
        for _ in range(1 if seed == 0 else self.rng.randint(1, 3)):
            siftd = make_siftd(database={"url": postgres.url()}, batch={
                "age": self.rng.choice(["10ms", "100ms", "500ms"]),
                "events_max": self.rng.choice([64, 262144])})
            siftd.config["http"].update(reads_per_minute=0, writes_per_minute=0)
            siftd.config["lanes"] = self.rng.randint(1, 2)
            siftd.config["rules_dir"] = os.path.join(siftd.directory, "rules")
            shutil.copytree(os.path.join(harness.TOP, "conf/rules"), siftd.config["rules_dir"])
            with open(os.path.join(siftd.config["rules_dir"], "windows.yaml"), "w", encoding="utf-8") as file:
                file.write(WINDOWS)
            siftd.add_file_source()
            siftd.config["sources"][0].update(project=f"replay {seed}", rescan="100ms")
            self.daemons.append(siftd)

    def start(self):
        for siftd in self.daemons:
            siftd.launch()
        for siftd in self.daemons:
            siftd.wait_ready()
        for siftd in self.daemons:
            found = re.search(r"^siftd: admin login: (\S+) password: (\S+)$", siftd.stderr(), re.M)
            self.login = found.groups() if found else self.login
        self.client = self.daemons[0].client
        self.client.login(*self.login)

    def scope(self, name):
        org = self.client.get("/auth/me")["organizations"][0]["id"]
        project, = (item["id"] for item in self.client.pages(f"/orgs/{org}/projects") if item["name"] == name)
        return f"/orgs/{org}/projects/{project}"

    def write(self, lines):
        """each line to some daemon's file, in pieces; daemons are killed between and amid them"""
        while lines:
            count = self.rng.choice([50, 200, 500])
            piece, lines = lines[:count], lines[count:]
            for line in piece:
                siftd = self.rng.choice(self.daemons)
                with open(os.path.join(siftd.logs, "a.log"), "a", encoding="utf-8") as file:
                    file.write(line + "\n")
            if self.rng.random() < 0.4:
                victim = self.rng.choice(self.daemons)
                victim.kill()
                self.kills += 1
                victim.launch()
                if victim is self.daemons[0]:
                    victim.wait_ready()
        for siftd in self.daemons:
            siftd.wait_ready()


def test_replays(make_siftd, postgres):
    expected, login = None, None
    lines = history()
    for seed in range(REPLAYS):
        replay = Replay(make_siftd, postgres, seed, login)
        replay.start()
        login = replay.login
        if seed > 0:
            replay.rng.shuffle(lines)
            replay.write(lines)
        else:
            with open(os.path.join(replay.daemons[0].logs, "a.log"), "w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in lines)
        scope = replay.scope(f"replay {seed}")
        replay.client.wait_total(scope, len(lines))
        found = facts(replay.client, scope, with_evidence=True)
        expected = expected or found
        assert found == expected, f"seed {seed}"
        print(f"replay {seed}: {len(replay.daemons)} daemons, {replay.kills} kills, {len(found)} findings", flush=True)
        for siftd in replay.daemons:
            assert siftd.stop() == 0
    assert len(expected) >= 7
