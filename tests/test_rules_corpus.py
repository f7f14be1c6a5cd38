"""test_rules_corpus.py - the shipped rules over quiet lines, and over incidents planted among them

Every incident says what must be found: rule, severity and the lines that are its evidence. Anything else
that is found is a false finding. `python3 tests/test_rules_corpus.py` prints precision and recall."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
from quiet_lines import quiet_lines  # noqa: E402

TOP = Path(__file__).resolve().parent
BINARY = os.environ.get("SIFTD_BINARY", str(TOP.parent / "build/release/siftd"))
EVERY = 40  # quiet lines between two incidents


def repeat(count, text, step=1):
    """the same line at seconds that differ, for rules with a window"""
    return [text.replace("{s}", f"{n * step % 60:02d}").replace("{m}", f"{n * step // 60:02d}").replace("{n}", str(5200 + n))
            for n in range(count)]


# (what must be found: {rule: severity}, lines); each of the lines is evidence of each of the rules
INCIDENTS = [
    ({"db_deadlock": "MED"}, ["2026-03-02 12:00:01.100 UTC [911] ERROR:  deadlock detected"]),
    ({"db_lock_timeout": "MED"}, ["2026-03-02T12:00:02Z ERROR refunds pq: canceling statement due to lock timeout"]),
    ({"db_statement_timeout": "MED"}, ["2026-03-02 12:00:03.100 UTC [912] ERROR:  canceling statement due to statement timeout"]),
    ({"db_corruption": "CRIT"}, ["2026-03-02 12:00:04.100 UTC [913] ERROR:  could not read block 77 in file \"base/16384/24601\": read only 0 of 8192 bytes"]),
    ({"db_read_only": "HIGH"}, ["2026-03-02 12:00:05.100 UTC [914] ERROR:  cannot execute UPDATE in a read-only transaction"]),
    ({"db_server_crash": "CRIT"}, ["2026-03-02 12:00:06.100 UTC [1] LOG:  server process (PID 915) was terminated by signal 9: Killed"]),
    ({"pg_replication_broken": "HIGH"}, ["2026-03-02 12:00:07.100 UTC [916] FATAL:  could not connect to the primary server: timeout expired"]),
    ({"pg_wraparound": "CRIT"}, ["2026-03-02 12:00:08.100 UTC [917] WARNING:  database \"stock\" must be vacuumed within 812213 transactions"]),
    ({"pg_archive_failed": "HIGH"}, ["2026-03-02 12:00:09.100 UTC [918] LOG:  archive command failed with exit code 42"]),
    ({"db_slow_queries": "LOW"}, repeat(6, "2026-03-02 12:01:{s}.100 UTC [919] LOG:  duration: {n}.100 ms  statement: SELECT * FROM items ORDER BY random()")),
    ({"mysql_replication_broken": "HIGH"}, ["2026-03-02T12:02:01.000000Z 7 [ERROR] [MY-013114] [Repl] Replica I/O for channel '': Got fatal error 1236 from source when reading data from binary log: 'Could not find first log file name', Error_code: MY-013114"]),
    ({"mongo_no_primary": "HIGH"}, ["{\"t\":{\"$date\":\"2026-03-02T12:02:02.000+00:00\"},\"s\":\"I\",\"c\":\"REPL\",\"id\":21809,\"ctx\":\"ReplCoord-7\",\"msg\":\"Can't see a majority of the set, relinquishing primary\"}"]),
    ({"redis_maxmemory": "HIGH"}, ["2026-03-02T12:02:03Z ERROR cart set failed: OOM command not allowed when used memory > 'maxmemory'."]),
    ({"redis_cluster_down": "HIGH"}, ["811:M 02 Mar 2026 12:02:04.100 # Cluster state changed: fail"]),
    ({"cassandra_unavailable": "HIGH"}, ["2026-03-02T12:02:05Z ERROR feed Not enough replicas available for query at consistency LOCAL_QUORUM (2 required but only 1 alive)"]),
    ({"es_cluster_red": "CRIT"}, ["[2026-03-02T12:02:06,220][INFO ][o.e.c.r.a.AllocationService] [node-2] Cluster health status changed from [GREEN] to [RED] (reason: [{node-1}{left}])."]),
    ({"kafka_under_replicated": "HIGH"}, ["[2026-03-02 12:02:07,220] INFO [Partition stock-1 broker=2] Shrinking ISR from 1,2,3 to 2,3. Leader: (highWatermark: 12, endOffset: 19)."]),
    ({"kafka_rebalance_storm": "MED"}, repeat(8, "[2026-03-02 12:{m}:{s},220] INFO [GroupCoordinator 1]: Preparing to rebalance group stock in state PreparingRebalance with old generation {n} (__consumer_offsets-7)", 45)),
    ({"kafka_offset_out_of_range": "HIGH"}, ["[2026-03-02 12:12:01,220] INFO [Consumer clientId=s1, groupId=stock] Fetch position FetchPosition{offset=12} is out of range for partition stock-1, resetting offset"]),
    ({"rabbitmq_alarm": "HIGH"}, ["2026-03-02 12:12:02.220000+00:00 [warning] <0.450.0> memory resource limit alarm set on node rabbit@mq2."]),
    ({"dead_letters": "MED"}, repeat(4, "{\"ts\":\"2026-03-02T12:13:{s}Z\",\"level\":\"warn\",\"service\":\"stock\",\"msg\":\"message m-{n} moved to dead letter queue\"}")),
    ({"k8s_image_pull": "HIGH"}, ["2026-03-02T12:14:01Z Warning Failed pod/web-7b1e Failed to pull image \"registry.example/web:2.0\": rpc error: code = NotFound"]),
    ({"k8s_failed_scheduling": "HIGH"}, ["2026-03-02T12:14:02Z Warning FailedScheduling pod/web-7b1e 0/7 nodes are available: 7 Insufficient memory."]),
    ({"k8s_evicted": "HIGH"}, ["2026-03-02T12:14:03Z Warning Evicted pod/web-7b1e The node was low on resource: ephemeral-storage."]),
    ({"k8s_node_not_ready": "HIGH"}, ["2026-03-02T12:14:04Z Normal NodeNotReady node/node3 Node node3 status is now: NodeNotReady"]),
    ({"k8s_volume_failed": "HIGH"}, ["2026-03-02T12:14:05Z Warning FailedMount pod/db-1 MountVolume.SetUp failed for volume \"certs\" : not registered"]),
    ({"k8s_probe_failed": "MED"}, repeat(4, "2026-03-02T12:15:{s}Z Warning Unhealthy pod/web-7b1e Readiness probe failed: HTTP probe failed with statuscode: 500", 10)),
    ({"oom_memory": "CRIT"}, ["Mar  2 12:16:01 node3 kernel: [91.120] Out of memory: Killed process 811 (java) total-vm:881120kB, anon-rss:712000kB"]),
    ({"stack_overflow": "HIGH"}, ["2026-03-02 12:16:02,220 ERROR [catalog] java.lang.StackOverflowError: null"]),
    ({"missing_dependency": "HIGH"}, ["2026-03-02 12:16:03,220 ERROR [catalog] java.lang.NoClassDefFoundError: org/slf4j/Logger"]),
    ({"thread_exhaustion": "HIGH"}, ["2026-03-02 12:16:04,220 ERROR [catalog] java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory"]),
    ({"file_descriptors_exhausted": "HIGH"}, ["2026/03/02 12:16:05 [alert] 31#31: *77 open() \"/srv/x\" failed (24: Too many open files), client: 10.0.0.3"]),
    ({"kernel_panic": "CRIT"}, ["Mar  2 12:16:06 node3 kernel: [91.220] Kernel panic - not syncing: Attempted to kill init!"]),
    ({"kernel_lockup": "HIGH"}, ["Mar  2 12:16:07 node3 kernel: [91.320] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [java:811]"]),
    ({"kernel_hung_task": "HIGH"}, ["Mar  2 12:16:08 node3 kernel: [91.420] INFO: task nginx:812 blocked for more than 120 seconds."]),
    ({"hardware_error": "HIGH"}, ["Mar  2 12:16:09 node3 kernel: [91.520] EDAC MC1: 3 UE memory read error on CPU_SrcID#1_Ha#0_Chan#0_DIMM#1"]),
    ({"process_crashed": "HIGH"}, ["Mar  2 12:16:10 node3 kernel: [91.620] thumb[813]: segfault at 10 ip 00007f1c2b sp 00007ffe error 4 in libpng16.so.16[7f1c2b000+1b000]"]),
    ({"net_table_full": "HIGH"}, ["Mar  2 12:16:11 node3 kernel: [91.720] nf_conntrack: nf_conntrack: table full, dropping packet"]),
    ({"disk_io_error": "HIGH"}, ["Mar  2 12:16:12 node3 kernel: [91.820] blk_update_request: I/O error, dev sdb, sector 7712 op 0x1:(WRITE) flags 0x800"]),
    ({"disk_smart_failing": "HIGH"}, ["Mar  2 12:16:13 node3 smartd[77]: Device: /dev/sdb [SAT], 24 Currently unreadable (pending) sectors"]),
    ({"raid_degraded": "HIGH"}, ["Mar  2 12:16:14 node3 kernel: [91.920] md/raid1:md1: Disk failure on sdb1, disabling device."]),
    ({"filesystem_error": "CRIT"}, ["Mar  2 12:16:15 node3 kernel: [92.020] EXT4-fs (sdb1): Remounting filesystem read-only"]),
    ({"disk_full": "HIGH"}, ["2026-03-02T12:16:16Z ERROR upload write /data/tmp/7: no space left on device"]),
    ({"dns_failure": "HIGH"}, ["2026-03-02T12:16:17Z ERROR web getaddrinfo EAI_AGAIN payments.internal"]),
    ({"link_down": "MED"}, ["Mar  2 12:16:18 node3 kernel: [92.120] ixgbe 0000:01:00.0 eth2: NIC Link is Down"]),
    ({"port_exhaustion": "HIGH"}, ["2026-03-02T12:16:19Z ERROR edge dial tcp 10.0.0.9:6379: connect: cannot assign requested address"]),
    ({"clock_skew": "MED"}, ["Mar  2 12:16:20 node3 chronyd[812]: System clock wrong by 3.331212 seconds"]),
    ({"ssh_brute_force": "HIGH", "invalid_credentials": "MED"}, repeat(7, "Mar  2 12:17:{s} bastion sshd[912]: Failed password for root from 203.0.113.66 port {n} ssh2")),
    ({"ssh_invalid_users": "MED"}, repeat(6, "Mar  2 12:18:{s} bastion sshd[913]: Invalid user test{n} from 203.0.113.66 port {n}")),
    ({"sudo_failure": "MED"}, ["Mar  2 12:19:01 bastion sudo[914]:    guest : user NOT in sudoers ; TTY=pts/1 ; PWD=/tmp ; USER=root ; COMMAND=/bin/sh"]),
    ({"cloud_access_denied": "HIGH"}, ["2026-03-02T12:19:02Z ERROR export An error occurred (AccessDenied) when calling the GetObject operation: Access Denied"]),
    ({"cloud_quota_exceeded": "HIGH"}, ["2026-03-02T12:19:03Z ERROR autoscaler InsufficientInstanceCapacity: no capacity for m5.large in eu-west-1b"]),
    ({"systemd_start_limit": "HIGH"}, ["Mar  2 12:19:04 node3 systemd[1]: web.service: Start request repeated too quickly."]),
    ({"migration_failed": "HIGH"}, ["2026-03-02T12:19:05Z ERROR release error: Dirty database version 33. Fix and force version."]),
    ({"config_invalid": "HIGH"}, ["Mar  2 12:19:06 node3 nginx[811]: nginx: configuration file /etc/nginx/nginx.conf test failed"]),
    ({"backup_failed": "HIGH"}, ["2026-03-02T12:19:07Z ERROR cron-backup pg_dump: error: server closed the dump of table items"]),
    ({"circuit_breaker_open": "HIGH"}, ["2026-03-02T12:19:08Z WARN web circuit breaker opened for stock after 50 calls"]),
    ({"upstream_down": "HIGH"}, ["Mar  2 12:19:09 lb2 haproxy[77]: backend stock has no server available!"]),
    ({"http_5xx_burst": "HIGH"}, repeat(14, "203.0.113.{n} - - [02/Mar/2026:12:20:{s} +0000] \"GET /stock HTTP/1.1\" 502 157 \"-\" \"Mozilla/5.0\"".replace("203.0.113.{n}", "203.0.113.77"), 2)),
    ({"tls_cert_failure": "HIGH"}, ["2026-03-02T12:21:01Z ERROR web x509: certificate signed by unknown authority"]),
    ({"tls_cert_expires_soon": "MED"}, ["2026-03-02T12:21:02Z WARN certwatch certificate of stock.example expires in 6 days"]),
    ({"mail_failing": "MED"}, repeat(6, "Mar  2 12:22:{s} mx2 postfix/smtp[812]: 7B1E{n}: to=<a@example.com>, relay=mx.example.com[203.0.113.25]:25, delay=1, dsn=5.7.1, status=bounced (host said: 550 5.7.1 blocked)")),
    ({"data_loss": "CRIT"}, ["2026-03-02T12:23:01Z ERROR collector spool file damaged, 31 events were lost"]),
    # not enough for their windows: nothing
    ({}, repeat(3, "Mar  2 12:24:{s} calm sshd[912]: Invalid user x{n} from 203.0.113.5 port {n}")),
    ({}, repeat(4, "{\"ts\":\"2026-03-02T12:40:{s}Z\",\"level\":\"warn\",\"service\":\"calm\",\"msg\":\"request failed\",\"status\":503}")),
    # a line of each rule that is not above, in words that the rule's own cases do not have
    ({"auth_token_expired": "MED"}, ["2026-03-02T12:41:01Z WARN gateway rejected call of sub=u-77: TokenExpiredError: jwt expired"]),
    ({"break_in_attempt": "MED"}, ["Mar  2 12:41:03 web4 sshd[4121]: reverse mapping checking getaddrinfo for static-9.example.net [198.51.100.9] failed - POSSIBLE BREAK-IN ATTEMPT!"]),
    ({"account_locked": "MED"}, ["2026-03-02T12:41:04Z WARN accounts user maria: account locked after 5 failed attempts"]),
    ({"cloud_credentials_invalid": "HIGH"}, ["2026-03-02T12:41:05Z WARN backup upload to s3://vault stopped: InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records."]),
    ({"db_connection_failure": "HIGH"}, ["2026-03-02T12:41:07Z WARN refunds dial tcp 10.0.4.13:5432: connect: connection refused"]),
    ({"db_auth_failure": "HIGH"}, ["2026-03-02 12:41:08.100 UTC [4411] FATAL:  password authentication failed for user \"report\""]),
    ({"redis_persistence_failed": "HIGH"}, ["2026-03-02T12:41:10Z WARN carts MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk."]),
    ({"redis_replication_lost": "MED"}, ["811:S 02 Mar 2026 12:41:11.100 # Connection with master lost."]),
    ({"cassandra_node_down": "MED"}, ["INFO  [GossipTasks:1] 2026-03-02 12:41:12,220 Gossiper.java:1044 - InetAddress /10.0.0.8:7000 is now DOWN"]),
    ({"cassandra_tombstones": "LOW"}, ["WARN  [ReadStage-3] 2026-03-02 12:41:13,220 ReadCommand.java:569 - Read 12 live rows and 18044 tombstone cells for query SELECT * FROM shop.carts LIMIT 100 (see tombstone_warn_threshold)"]),
    ({"es_disk_watermark": "MED"}, ["[2026-03-02T12:41:14,220][WARN ][o.e.c.r.a.DiskThresholdMonitor] [node-2] high disk watermark [90%] exceeded on [n4][node-4][/data] free: 8.1gb[9.1%], shards will be relocated away from this node"]),
    ({"es_overloaded": "HIGH"}, ["2026-03-02T12:41:15Z WARN search es_rejected_execution_exception: rejected execution of coordinating operation"]),
    ({"http_rate_limited": "MED"}, ["198.51.100.4 - - [02/Mar/2026:12:41:16 +0000] \"POST /api/orders HTTP/1.1\" 429 98 \"-\" \"okhttp/4.9\""]),
    ({"upstream_timeout": "HIGH"}, ["198.51.100.4 - - [02/Mar/2026:12:41:17 +0000] \"GET /report HTTP/2.0\" 504 562 \"-\" \"Mozilla/5.0\""]),
    ({"kernel_oops": "CRIT"}, ["Mar  2 12:41:18 node9 kernel: [99121.120] BUG: kernel NULL pointer dereference, address: 0000000000000040"]),
    ({"syn_flood": "HIGH"}, ["Mar  2 12:41:20 edge2 kernel: TCP: request_sock_TCP: Possible SYN flooding on port 8443. Dropping request.  Check SNMP counters."]),
    ({"k8s_sandbox_failed": "HIGH"}, ["2026-03-02T12:41:22Z Warning FailedCreatePodSandBox pod/mail-0 Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded"]),
    ({"k8s_quota_exceeded": "MED"}, ["2026-03-02T12:41:24Z Warning FailedCreate replicaset/mail Error creating: pods \"mail-1\" is forbidden: exceeded quota: team, requested: limits.memory=2Gi, used: limits.memory=15Gi, limited: limits.memory=16Gi"]),
    ({"k8s_job_failed": "MED"}, ["2026-03-02T12:41:26Z Warning BackoffLimitExceeded job/invoice-7 Job has reached the specified backoff limit"]),
    ({"deployment_stuck": "HIGH"}, ["2026-03-02T12:41:27Z WARN deployer deployment \"mail\" exceeded its progress deadline"]),
    ({"routing_neighbor_down": "HIGH"}, ["Mar  2 12:41:29 r2 91: %BGP-5-ADJCHANGE: neighbor 10.0.1.9 Down Hold timer expired"]),
    ({"network_unreachable": "MED"}, ["2026-03-02T12:41:30Z WARN relay sendto 203.0.113.90:514: network is unreachable"]),
    ({"address_in_use": "HIGH"}, ["2026-03-02T12:41:31Z WARN starter OSError: [Errno 98] Address already in use"]),
    ({"systemd_unit_failed": "MED"}, ["Mar  2 12:41:32 web4 systemd[1]: mail.service: Failed with result 'timeout'."]),
    ({"supervisor_gave_up": "HIGH"}, ["2026-03-02 12:41:33,220 INFO gave up: mail entered FATAL state, too many start retries too quickly"]),
    ({"license_expiry": "MED"}, ["2026-03-02T12:41:35Z WARN bi licence has expired, reports are read-only"]),
    ({"logs_dropped": "LOW"}, ["Mar  2 12:41:36 web4 rsyslogd: imuxsock[pid: 991]: begin to drop messages due to rate-limiting"]),
    ({"pg_checkpoints_frequent": "LOW"}, ["2026-03-02 12:41:38.100 UTC [78] LOG:  checkpoints are occurring too frequently (4 seconds apart)"]),
    ({"kafka_consumer_evicted": "MED"}, ["[2026-03-02 12:41:39,220] WARN [Consumer clientId=c2, groupId=mail] consumer poll timeout has expired. This means the time between subsequent calls to poll() was longer than the configured max.poll.interval.ms"]),
    ({"kafka_log_dir_failed": "CRIT"}, ["[2026-03-02 12:41:40,220] WARN Stopping serving logs in dir /data2/kafka (kafka.log.LogManager)"]),
    ({"message_too_large": "MED"}, ["2026-03-02T12:41:41Z WARN exporter Broker: Message size too large"]),
    ({"queue_full": "MED"}, ["2026-03-02T12:41:43Z WARN thumbnailer task queue is full, caller waits"]),
    ({"thread_deadlock": "HIGH"}, ["2026-03-02T12:41:44Z WARN watchdog Found one Java-level deadlock:"]),
    ({"health_check_failed": "MED"}, repeat(3, "2026-03-02T12:42:{s}Z WARN edge health check failed for mail-{n}: 503")),
    ({"webhook_failing": "MED"}, repeat(3, "2026-03-02T12:43:{s}Z WARN partner-hooks webhook delivery failed url=https://partner.example/in attempt={n}")),
    ({"power_failure": "HIGH"}, ["Mar  2 12:44:01 nas2 upsmon[911]: UPS rack2@localhost on battery"]),
    ({"zfs_pool_fault": "HIGH"}, ["Mar  2 12:44:02 nas2 kernel: WARNING: Pool 'vault' has encountered an uncorrectable I/O failure and has been suspended."]),
    ({"ceph_unhealthy": "HIGH"}, ["2026-03-02T12:44:03.220+0000 7f2c log_channel(cluster) log [WRN] : Health check failed: Reduced data availability: 12 pgs inactive (PG_AVAILABILITY)"]),
    ({"hdfs_blocks_missing": "HIGH"}, ["2026-03-02 12:44:04,220 WARN org.apache.hadoop.hdfs.DFSClient: Could not obtain block: blk_77 file=/data/part-9"]),
    ({"tls_renewal_failed": "HIGH"}, ["2026-03-02T12:44:05Z WARN certbot Failed to renew certificate mail.example with error: urn:ietf:params:acme:error:unauthorized"]),
    ({"payment_failure": "HIGH"}, ["2026-03-02T12:44:06Z WARN checkout charge declined: insufficient funds order=o-9912"]),
    ({"generic_error": "HIGH"}, ["2026-03-02T12:44:07Z ERROR thumbnails image 8812 could not be scaled: unexpected end of file"]),
]


def sift(lines):
    with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        run = subprocess.run([BINARY, "sift", "--format", "json", file.name], capture_output=True, text=True,
                             timeout=120, check=True)
    return json.loads(run.stdout)["findings"]


def plant():
    """lines, and {(rule, severity): numbers of the lines}"""
    quiet, lines, expected = quiet_lines(), [], {}
    for n, (rules, incident) in enumerate(INCIDENTS):
        lines += quiet[n * EVERY:(n + 1) * EVERY]
        numbers = range(len(lines) + 1, len(lines) + 1 + len(incident))
        lines += incident
        for rule, severity in rules.items():
            assert (rule, severity) not in expected
            expected[rule, severity] = list(numbers)
    return lines, expected


def compare(expected, findings):
    """the findings that are right, and sentences on what is wrong"""
    right, wrong = [], []
    for finding in findings:
        key = finding["rule"], finding["severity"]
        numbers = expected.get(key)
        evidence = [item["line"] for item in finding["evidence"]]
        if numbers is None:
            wrong.append(f"false: {key} {finding['evidence'][0]}")
        elif finding["total_occurrences"] != len(numbers) or not evidence or not set(evidence) <= set(numbers):
            wrong.append(f"counted or cited wrongly: {key} {finding['total_occurrences']} {evidence}, not {numbers}")
        else:
            right.append(key)
    wrong += [f"missed: {key}" for key in expected if key not in [(f["rule"], f["severity"]) for f in findings]]
    return right, wrong


def test_quiet_lines_fire_nothing():
    lines = quiet_lines()
    assert len(lines) > 3000
    assert [(f["rule"], f["evidence"][0]) for f in sift(lines)] == []


def test_planted_incidents_are_found():
    lines, expected = plant()
    right, wrong = compare(expected, sift(lines))
    assert wrong == []
    assert sorted(right) == sorted(expected)


# of the application whose rules these began with
FIRST = {"db_connection_failure", "db_auth_failure", "http_rate_limited", "auth_token_expired", "invalid_credentials",
         "oom_memory", "disk_full", "tls_cert_failure", "upstream_timeout", "payment_failure", "generic_error"}


def shipped_rules():
    for path in sorted((TOP.parent / "conf/rules").glob("*.yaml")):
        yield from filter(None, yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_every_shipped_rule_is_complete():
    rules = {rule["id"]: rule for rule in shipped_rules()}
    assert FIRST < set(rules) and len(rules) >= len(FIRST) + 40
    for name, rule in rules.items():
        for key in ("title", "description", "severity", "confidence", "first_checks", "references"):
            assert rule.get(key), f"{name} lacks {key}"
        for key in ("should", "should_not"):
            lines = rule["tests"][key]
            assert len(set(lines)) >= 5, f"{name} has {len(set(lines))} lines under {key}"
        assert not set(rule["tests"]["should"]) & set(rule["tests"]["should_not"]), name


def main():
    lines, expected = plant()
    findings = sift(lines)
    right, wrong = compare(expected, findings)
    print("\n".join(wrong))
    print(f"{len(lines)} lines, {len(expected)} findings planted, {len(findings)} found, {len(right)} right: "
          f"precision {len(right) / max(len(findings), 1):.3f}, recall {len(right) / len(expected):.3f}")
    print(f"{len(quiet_lines())} quiet lines: {len(sift(quiet_lines()))} findings")


if __name__ == "__main__":
    main()
