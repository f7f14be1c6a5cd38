"""hazards.py - what goes wrong in a round, each as a function of the round"""
import os
import signal
import subprocess
import time

import harness

def kill_siftd(round_):
    round_.siftd.process.kill()


# a next hazard that came sooner would kill what is armed before it gets to its point
POINT_S = 5


def crash_at_a_point(round_):
    """the next start is armed; what runs now is killed so that there is one"""
    round_.armed = round_.tally.choose(round_.dice)
    round_.chosen.append(round_.armed)
    round_.note(round_.armed)
    said = f"siftd: crash point {round_.armed.split(':')[0]}\n"
    before = round_.siftd.stderr().count(said)
    round_.siftd.process.kill()
    end = time.monotonic() + POINT_S
    while time.monotonic() < end and round_.siftd.stderr().count(said) == before:
        time.sleep(0.1)


def kill_postmaster(round_):
    os.kill(round_.postgres.postmaster(), signal.SIGKILL)
    time.sleep(round_.dice.random())
    round_.start_postgres()


def backends(round_, where="true"):
    return [int(pid) for pid in round_.postgres.sql(
        f"SELECT pid FROM pg_stat_activity WHERE application_name = 'siftd' AND {where}").split()]


def send_signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def kill_backend(round_):
    pids = backends(round_)
    send_signal(round_.dice.sample(pids, min(1, len(pids))), signal.SIGKILL)
    time.sleep(1)
    round_.start_postgres()


def terminate_backends(round_):
    send_signal(backends(round_), signal.SIGTERM)


def restart_postgres(round_):
    """in order: sessions are ended with 57P01, new ones refused with 57P03"""
    round_.postgres.stop("fast")
    round_.start_postgres()


def stall_backends(round_):
    """the server answers to nothing, and breaks nothing off"""
    pids = backends(round_)
    send_signal(pids, signal.SIGSTOP)
    time.sleep(round_.dice.uniform(0.5, 5))
    send_signal(pids, signal.SIGCONT)


def die_in_commit(round_):
    """Commits are on disk and wait for a standby that does not exist: whoever asked for them learns
    nothing. Then that connection, the session, the server or siftd ends, and the commit stands."""
    with round_.postgres.configured(synchronous_standby_names="nobody"):
        end = time.monotonic() + 3
        while time.monotonic() < end and not backends(round_, "wait_event = 'SyncRep'"):
            time.sleep(0.02)
        waiting = backends(round_, "wait_event = 'SyncRep'")
        way = round_.dice.choice(("kill -9", "terminate", "cut", "cut", "siftd", "postmaster") if waiting else ("none",))
        round_.note(way)
        if way == "kill -9":
            send_signal(waiting[:1], signal.SIGKILL)
        elif way == "terminate":
            send_signal(waiting, signal.SIGTERM)
        elif way == "cut":
            round_.proxy.cut()
        elif way == "siftd":
            round_.siftd.process.kill()
        elif way == "postmaster":
            send_signal([round_.postgres.postmaster()], signal.SIGKILL)
        time.sleep(round_.dice.random() * 2)
    round_.start_postgres()


def fail_over_to_a_standby(round_):
    """all that siftd reaches for a while takes no writes"""
    with round_.postgres.configured(default_transaction_read_only="on"):
        terminate_backends(round_)
        time.sleep(round_.dice.uniform(0.5, 3))
    terminate_backends(round_)


def be_strict(round_):
    """transactions that meet fail, where they would have waited"""
    with round_.postgres.configured(default_transaction_isolation=round_.dice.choice(
            ("serializable", "repeatable read"))):
        time.sleep(round_.dice.uniform(2, 5))


def deadlock(round_):
    """somebody locks what a flush locks, the other way round"""
    for _ in range(3):
        subprocess.run(["psql", "-X", "-q", round_.postgres.url(database=round_.database), "-c",
                        "BEGIN", "-c", "SELECT FROM siftd.projects ORDER BY id FOR UPDATE", "-c",
                        "SELECT pg_sleep(0.7)", "-c", "SELECT FROM siftd.source_positions FOR UPDATE"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def delete_an_ingestion(round_):
    """amid the storing of what was pasted into it: all of it must go, and nothing else"""
    client, dice = round_.siftd.client, round_.dice

    def until_done(what):
        def attempt():
            try:
                return what() or True
            except (OSError, harness.HttpError, ValueError) as failure:
                return isinstance(failure, harness.HttpError) and failure.status == 404
        harness.wait_until(attempt, 60, "siftd answers", 0.2)

    made = []
    until_done(lambda: made.append(client.new_ingestion(round_.scope, f"doomed {len(round_.notes)}")))
    for _ in range(dice.randrange(1, 20)):
        text = "".join(round_.material.doomed() + "\n" for _ in range(dice.randrange(1, 200)))
        try:
            client.paste(made[-1], text)
        except (OSError, harness.HttpError, ValueError):
            pass
    time.sleep(dice.random())
    until_done(lambda: client.request("DELETE", made[-1]))


def rotate_in_a_storm(round_):
    """a rename each few lines"""
    for feeder in round_.feeders:
        if feeder.source == "file":
            feeder.storm = round_.dice.randrange(5, 20)


def cut_connections(round_):
    round_.proxy.cut()


def lose_answers(round_):
    """the transaction arrives whole, its answer never does"""
    round_.proxy.lose_answers(round_.dice.randrange(1, 200000))
    time.sleep(0.2 + round_.dice.random())
    round_.proxy.cut()


def fill(path):
    """a file that takes all there is"""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass


def fill_database_disk(round_):
    ballast = os.path.join(round_.postgres.directory, "ballast")
    fill(ballast)
    time.sleep(0.5 + round_.dice.random())
    os.unlink(ballast)
    round_.start_postgres()


def fill_state_disk(round_):
    ballast = os.path.join(round_.siftd.state_dir, "ballast")
    fill(ballast)
    time.sleep(0.5 + round_.dice.random())
    os.unlink(ballast)


def step_clock(round_):
    """hours forwards or backwards, at once"""
    round_.set_clock(round_.dice.choice((-86400, -3600, -60, 60, 3600, 86400)))


def stop_for_a_while(round_):
    """as when a machine is suspended"""
    round_.siftd.process.send_signal(signal.SIGSTOP)
    time.sleep(round_.dice.random() * 2)
    round_.siftd.process.send_signal(signal.SIGCONT)


ALWAYS = (kill_siftd, crash_at_a_point, crash_at_a_point, kill_postmaster, kill_backend, terminate_backends,
          restart_postgres, stall_backends, die_in_commit, die_in_commit, fail_over_to_a_standby, be_strict, deadlock,
          cut_connections, lose_answers, stop_for_a_while, delete_an_ingestion, rotate_in_a_storm)
WITH_SMALL_DISKS = (fill_database_disk, fill_state_disk)
WITH_FALSE_CLOCK = (step_clock,)


def small_disk(path, megabytes):
    """a file system of its own at path; False where only root may mount"""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", path],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def unmount(path):
    harness.wait_until(lambda: subprocess.run(["umount", path], stderr=subprocess.DEVNULL,
                                              check=False).returncode == 0, 20, f"{path} is free", 0.5)
