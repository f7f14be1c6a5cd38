"""hazards.py - what goes wrong in a round, each as a function of the round"""
import os
import signal
import subprocess
import time

import harness

# one before and one after each durable step; see base/crash_point.h
CRASH_POINTS = (
    "flush.guarded", "flush.sent", "flush.synced", "flush.committed", "flush.told",
    "lane.sealed", "flows.rewind", "spool.segment_made", "spool.written", "spool.durable", "spool.trim",
    "upkeep.locked", "upkeep.stepped", "upkeep.swept", "compact.sent", "compact.replaced",
)


def kill_siftd(round_):
    round_.siftd.process.kill()


def crash_at_a_point(round_):
    """the next start is armed; what runs now is killed so that there is one"""
    point = round_.dice.choice(CRASH_POINTS)
    round_.armed = f"{point}:{round_.dice.randrange(1, 12)}"
    round_.note(round_.armed)
    round_.siftd.process.kill()


def kill_postmaster(round_):
    with open(os.path.join(round_.postgres.data, "postmaster.pid"), encoding="ascii") as file:
        pid = int(file.readline())
    os.kill(pid, signal.SIGKILL)
    time.sleep(round_.dice.random())
    round_.start_postgres()


def kill_backend(round_):
    pids = round_.postgres.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'siftd'").split()
    if pids:
        try:
            os.kill(int(round_.dice.choice(pids)), signal.SIGKILL)
        except ProcessLookupError:
            pass
    time.sleep(1)
    round_.start_postgres()


def terminate_backends(round_):
    round_.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'siftd'")


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
          cut_connections, lose_answers, stop_for_a_while)
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
