"""quiet_lines.py - lines of systems that are well, with words that frighten

No shipped rule may fire on them. Each template is filled several times, always with the same values.
"""
import random
import string

COPIES = 15

TEMPLATES = """
{iso} INFO {svc} request handled path=/api/v1/items/{n} status=200 took={ms}ms
{iso} INFO {svc} batch finished, errors=0 failed=0 retried={d} total={n}
{iso} INFO {svc} error_count=0 warning_count={d}
{iso} INFO {svc} no errors in the last {n} requests
{iso} INFO {svc} failover test ok, primary unchanged
{iso} INFO {svc} timeout set to {d}s
{iso} INFO {svc} retry {d} succeeded after {ms} ms
{iso} INFO {svc} connection timeout configured as {n} ms
{iso} INFO {svc} listening on 0.0.0.0:{n}, pid {n}
{iso} INFO {svc} job {n} of 504 done
{iso} INFO {svc} order {n} shipped in 429 boxes to 401 customers
{iso} INFO {svc} received {n} rows, 500 at a time
{iso} INFO {svc} port 5432 open, port 6379 open, port 503 closed by policy
{iso} INFO {svc} error handling test suite passed, {n} cases
{iso} INFO {svc} crash reporter initialised, 0 reports pending
{iso} INFO {svc} health check passed in {ms} ms
{iso} INFO {svc} readiness probe ok
{iso} INFO {svc} circuit breaker closed, failure rate 0.{d}%
{iso} INFO {svc} rate limiter initialised with {n} requests per minute
{iso} INFO {svc} cache hit ratio {d}%, evicted {n} entries
{iso} INFO {svc} memory usage {n} MiB of 8192 MiB, heap {d}%
{iso} INFO {svc} disk usage {d}% on /var, inodes {d}%
{iso} INFO {svc} certificate of shop.example valid for another {n} days
{iso} INFO {svc} token for user u-{n} issued, expires in 3600 s
{iso} INFO {svc} session {hex} refreshed
{iso} INFO {svc} login succeeded for user u-{n} from {ip}
{iso} INFO {svc} password of u-{n} changed
{iso} INFO {svc} permission check passed for role editor
{iso} INFO {svc} payment {hex} captured, amount {n}.90
{iso} INFO {svc} 0 payments declined, {n} approved
{iso} INFO {svc} backup finished, {n} MiB in {d} s, 0 files failed
{iso} INFO {svc} restore test of last night's backup passed
{iso} INFO {svc} webhook delivered in {ms} ms, attempt 1
{iso} INFO {svc} {n} emails sent, 0 bounced, 0 deferred
{iso} INFO {svc} migration {n} applied in {ms} ms, 0 failed
{iso} INFO {svc} configuration reloaded, no problem found
{iso} INFO {svc} deployment of 1.{d}.{d} succeeded
{iso} INFO {svc} rollback not needed, canary healthy
{iso} INFO {svc} graceful shutdown complete in {ms} ms
{iso} INFO {svc} queue depth {d}, consumer lag 0
{iso} INFO {svc} dead letter queue empty
{iso} INFO {svc} replication lag 0.{d} s
{iso} INFO {svc} no deadlocks, no lock waits in the last hour
{iso} INFO {svc} checksum verified for segment {n}, no corruption found
{iso} INFO {svc} unreachable=0 timeouts=0 resets=0
{iso} INFO {svc} feature flag kill-switch is off
{iso} INFO {svc} exception list loaded with {n} words
{iso} INFO {svc} fatal_errors_total 0
{iso} INFO {svc} panic button of room {d} tested
{iso} INFO {svc} license valid until 2031-0{d1}-11
{iso} INFO {svc} clock offset {d} us, synchronised
{iso} INFO {svc} open files {n} of 1048576
{iso} INFO {svc} thread pool size 200, active {d}, queued 0
{iso} INFO {svc} dns lookup of db1.internal took {ms} ms
{iso} INFO {svc} failed=0 succeeded={n} skipped={d}
{iso} INFO {svc} oom_score_adj set to -{n}
{iso} INFO {svc} throttle=off ratelimit=none
{iso} INFO {svc} access granted to door {d}
{iso} INFO {svc} recovered {d} jobs after planned restart
{iso} INFO {svc} stack trace collection disabled
{iso} INFO {svc} unit {n} of segment fault-lines mapped
{iso} INFO {svc} lost and found: {d} items
{iso} INFO {svc} process exited with code 0 after 137 s
{iso} INFO {svc} signal 15 received, stopping
{iso} INFO {svc} GET /status/500 served from documentation
{iso} INFO {svc} documentation page "too many open files" viewed {n} times
{iso} DEBUG {svc} span {hex} finished duration={ms}ms error=false
{iso} DEBUG {svc} retrying is not needed, result ok
{iso} DEBUG {svc} select {n} returned 401 rows
{iso} DEBUG {svc} breaker half-open probe ok, closing
{iso} WARN {svc} slow start: {ms} ms until ready
{iso} WARN {svc} deprecated option "timeout_error" used, ignored
{iso} WARN {svc} cache miss for key k-{n}, loading
{iso} NOTICE {svc} scaled from {d} to {d} instances
level=info ts={iso} caller=head.go:{d} component=tsdb msg="Head GC completed" duration={ms}ms
level=info ts={iso} msg="Completed loading of configuration file" filename=/etc/prometheus/prometheus.yml
level=info msg="lease renewed" lease={n} holder=web-{d}
level=info msg="healthy" failures=0 unhealthy=0
level=debug msg="request" status=200 bytes=504 took={ms}ms
level=info msg="compaction done" blocks={d} corrupted=0
{{"ts":"{iso}","level":"info","service":"{svc}","msg":"request","status":200,"bytes":429,"path":"/items/{n}"}}
{{"ts":"{iso}","level":"info","service":"{svc}","msg":"job done","error":null,"failed":0}}
{{"ts":"{iso}","level":"info","service":"{svc}","msg":"login","user":"u-{n}","ok":true}}
{{"ts":"{iso}","level":"debug","service":"{svc}","msg":"cache","hits":{n},"errors":0}}
{{"ts":"{iso}","level":"info","service":"{svc}","msg":"order created","id":"o-{n}","status":"open"}}
{{"ts":"{iso}","level":"warn","service":"{svc}","msg":"stock low","sku":"s-{n}","left":{d}}}
{{"t":{{"$date":"{iso}"}},"s":"I","c":"NETWORK","id":22943,"ctx":"listener","msg":"Connection accepted","attr":{{"remote":"{ip}:{n}"}}}}
{{"t":{{"$date":"{iso}"}},"s":"I","c":"STORAGE","id":22430,"ctx":"Checkpointer","msg":"WiredTiger message","attr":{{"message":"saving checkpoint snapshot min: {n}"}}}}
{ip} - - [{clf}] "GET /items/{n} HTTP/1.1" 200 {n} "-" "Mozilla/5.0"
{ip} - - [{clf}] "GET /errors/504.html HTTP/1.1" 200 504 "-" "Mozilla/5.0"
{ip} - - [{clf}] "GET /rooms/401/429 HTTP/1.1" 304 0 "-" "curl/8.0"
{ip} - u{n} [{clf}] "POST /login HTTP/1.1" 302 0 "-" "Mozilla/5.0"
{ip} - - [{clf}] "GET /blog/out-of-memory-explained HTTP/1.1" 200 {n} "-" "Mozilla/5.0"
{ip} - - [{clf}] "GET /favicon.ico HTTP/1.1" 404 153 "-" "Mozilla/5.0"
{bsd} web1 sshd[{n}]: Accepted publickey for deploy from {ip} port {n} ssh2: ED25519 SHA256:{hex}
{bsd} web1 sshd[{n}]: pam_unix(sshd:session): session opened for user deploy by (uid=0)
{bsd} web1 sshd[{n}]: Received disconnect from {ip} port {n}:11: disconnected by user
{bsd} web1 sudo[{n}]:   deploy : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/systemctl reload nginx
{bsd} web1 CRON[{n}]: (root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily)
{bsd} web1 systemd[1]: Started Session {n} of user deploy.
{bsd} web1 systemd[1]: logrotate.service: Deactivated successfully.
{bsd} web1 systemd[1]: Starting Daily apt upgrade and clean activities...
{bsd} web1 systemd[1]: Reloaded nginx - high performance web server.
{bsd} web1 systemd[1]: Started Process error reports when automatic reporting is enabled.
{bsd} web1 systemd[1]: Reached target Shutdown-less Reload.
{bsd} web1 kernel: [{n}.120] device veth{hex} entered promiscuous mode
{bsd} web1 kernel: [{n}.120] EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.
{bsd} web1 kernel: [{n}.120] Command line: root=/dev/sda1 ro panic=10 oops=panic errors=remount-ro
{bsd} web1 kernel: [{n}.120] mce: CPU0: Thermal monitoring enabled (TM1)
{bsd} web1 kernel: [{n}.120] EDAC MC: Ver: 3.0.0
{bsd} web1 kernel: [{n}.120] eth0: Link is Up - 1Gbps/Full - flow control off
{bsd} web1 kernel: [{n}.120] nvme nvme0: {d}/0/0 default/read/poll queues
{bsd} web1 kernel: [{n}.120] audit: type=1400 apparmor="STATUS" operation="profile_replace" name="nginx"
{bsd} web1 smartd[{d}]: Device: /dev/sda [SAT], SMART Prefailure Attribute: 1 Raw_Read_Error_Rate changed from 117 to 118
{bsd} web1 chronyd[{d}]: Selected source {ip}
{bsd} web1 dhclient[{d}]: DHCPACK of {ip} from 10.0.0.1
{bsd} mx1 postfix/smtp[{n}]: {hex}: to=<u{n}@example.com>, relay=mx.example.com[203.0.113.25]:25, delay=0.{d}, dsn=2.0.0, status=sent (250 2.0.0 Ok)
{bsd} mx1 postfix/smtpd[{n}]: disconnect from mail.example.com[{ip}] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5
{bsd} mx1 dovecot: imap-login: Login: user=<u{n}>, method=PLAIN, rip={ip}, TLS
{bsd} ns1 named[{d}]: zone shop.example/IN: loaded serial {n}
{bsd} ns1 dnsmasq[{d}]: reply db1.internal is {ip}
{bsd} lb1 haproxy[{n}]: Server shop/web{d} is UP, reason: Layer7 check passed, code: 200, check duration: {d}ms.
{bsd} fw1 kernel: [UFW ALLOW] IN=eth0 OUT= SRC={ip} DST=10.0.0.1 PROTO=TCP SPT={n} DPT=443 SYN
{pg} [{n}] LOG:  checkpoint complete: wrote {n} buffers (5.0%); 0 WAL file(s) added, 0 removed, {d} recycled
{pg} [{n}] LOG:  connection authorized: user=app database=orders SSL enabled
{pg} [{n}] LOG:  automatic vacuum of table "orders.public.items": index scans: 1
{pg} [{n}] LOG:  duration: 12.101 ms  statement: SELECT count(*) FROM errors WHERE code = 504
{pg} [{n}] LOG:  parameter "deadlock_timeout" changed to "{d}s"
{pg} [{n}] LOG:  disconnection: session time: 0:00:0{d1}.101 user=app database=orders host={ip} port={n}
{pg} [1] LOG:  database system is ready to accept connections
{n}:M 02 Mar 2026 10:15:01.100 * Background saving terminated with success
{n}:M 02 Mar 2026 10:15:01.100 * {n} changes in 60 seconds. Saving...
{n}:M 02 Mar 2026 10:15:01.100 - DB 0: {n} keys ({d} volatile) in {n} slots HT.
[{log4}] INFO [Partition orders-{d} broker=1] Expanding ISR from 1,2 to 1,2,3
[{log4}] INFO [GroupCoordinator 1]: Stabilized group billing generation {n} with 3 members
[{log4}] INFO [Log partition=orders-{d}, dir=/data/kafka] Rolled new log segment at offset {n} in {d} ms.
[{log4}] INFO KafkaConfig values: request.timeout.ms = 30000 offsets.topic.replication.factor = 3
{log4} INFO org.apache.hadoop.hdfs.StateChange: BLOCK* allocate blk_{n} for /data/part-{d}
{log4} INFO [main] o.s.b.w.e.tomcat.TomcatWebServer : Tomcat started on port(s): {n} (http)
{log4} INFO [scheduler-1] c.e.ErrorReportJob - error report for yesterday: 0 errors
{log4} INFO [http-8080-exec-{d}] c.e.FailoverController - failover drill finished, nothing lost
[{n}.120s][info][gc] GC({d}) Pause Young (Normal) (G1 Evacuation Pause) 812M->212M(2048M) {d}.331ms
[2026-03-02T10:15:01,220][INFO ][o.e.c.r.a.AllocationService] [node-1] Cluster health status changed from [YELLOW] to [GREEN] (reason: [shards started [[items][{d}]]]).
[2026-03-02T10:15:01,220][INFO ][o.e.x.i.a.TransportPutLifecycleAction] [node-1] adding index lifecycle policy [logs-{n}]
I0302 10:15:01.220000 {n} schedule_one.go:252] "Successfully bound pod to node" pod="shop/cart-{d}" node="node{d}" feasibleNodes={d}
I0302 10:15:01.220000 {n} kubelet.go:2471] "SyncLoop (probe)" probe="readiness" status="ready" pod="shop/cart-{d}"
I0302 10:15:01.220000 {n} garbagecollector.go:539] "Processing object" object="shop/cart-{hex}" kind="ReplicaSet"
{iso} Normal Pulled pod/cart-{hex} Successfully pulled image "registry.example/cart:1.{d}" in {ms}ms
{iso} Normal NodeReady node/node{d} Node node{d} status is now: NodeReady
{iso} Normal ScalingReplicaSet deployment/cart Scaled up replica set cart-{hex} to {d}
2026-03-02 10:15:01.220000+00:00 [info] <0.{n}.0> accepting AMQP connection <0.{n}.0> ({ip}:{n} -> 10.0.0.1:5672)
2026-03-02 10:15:01.220000+00:00 [info] <0.{n}.0> vm_memory_high_watermark clear. Memory used:{n} allowed:1651314688
INFO  [CompactionExecutor:{d}] 2026-03-02 10:15:01,220 CompactionTask.java:241 - Compacted ({hex}) 4 sstables to level=0, {n} rows
INFO  [GossipStage:1] 2026-03-02 10:15:01,220 Gossiper.java:1019 - InetAddress /{ip} is now UP
2026/03/02 10:15:01 [notice] 31#31: signal 17 (SIGCHLD) received from {n}
2026/03/02 10:15:01 [notice] 31#31: worker process {n} exited with code 0
2026/03/02 10:15:01 [warn] 31#31: *{n} an upstream response is buffered to a temporary file /var/cache/nginx/{d}
2026-03-02T10:15:01.000000Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.0.{d}'  port: 3306
2026-03-02T10:15:01.000000Z {n} [Note] [MY-010914] [Server] Got handshake from {ip}
test result: ok. {n} passed; 0 failed; 0 ignored; 0 measured
ok: [node{d}] => PLAY RECAP : ok={d} changed={d} unreachable=0 failed=0 skipped={d} rescued=0
webpack compiled successfully in {n} ms, 0 errors, 0 warnings
Successfully installed error-reporter-1.{d} crash-handler-2.{d}
npm audit: found 0 vulnerabilities in {n} packages
0 renew failure(s), 0 parse failure(s)
{iso} INFO terraform Apply complete! Resources: {d} added, {d} changed, 0 destroyed.
{iso} INFO {svc} lock acquired in {ms} ms, no wait
{iso} INFO {svc} quota 12 of 32 vCPU used in zone {d}
{iso} INFO {svc} s3 upload of part {d} done, etag {hex}
{iso} INFO {svc} node {d} is ready, node pool complete
{iso} INFO {svc} volume set to {d}%, pool tank cleaned
{iso} INFO {svc} elected leader {hex} at term {d}
{iso} INFO {svc} snapshot {n} created and verified
{iso} INFO {svc} battery at {d}%, on line power
{iso} INFO {svc} array of {n} items sorted, none missing
{iso} INFO {svc} peer {ip} joined, neighbors {d}
{iso} INFO {svc} link to invoice {n} sent
{iso} INFO {svc} temperature {d} C, threshold 95 C
{iso} INFO {svc} recursion depth {d} of 1000
{iso} INFO {svc} module graph resolved, {n} modules, 0 missing
{iso} INFO {svc} class Order loaded in {ms} ms
{iso} INFO {svc} pool orders: {d} idle, {d} busy, 0 waiting
{iso} INFO {svc} message {hex} acknowledged, redelivered=false
{iso} INFO {svc} offset {n} committed for orders-{d}
{iso} INFO {svc} partition orders-{d} assigned
{iso} INFO {svc} index items rebuilt, {n} documents, 0 rejected
{iso} INFO {svc} upstream cart answered in {ms} ms
{iso} INFO {svc} resolver cache has {n} names, nxdomain=0 servfail=0
{iso} INFO {svc} socket buffer {n} bytes, broken=0
{iso} INFO {svc} connection to {ip}:5432 established
{iso} INFO {svc} connection from {ip} closed normally
{iso} INFO {svc} address {ip} leased for 3600 s
{iso} INFO {svc} suspended scheduled task report-{d} by operator
{iso} INFO {svc} kernel 6.1.{d} booted, no known problem
{iso} INFO {svc} alarm clock of user {n} set to 06:{d2}
{iso} INFO {svc} no data was lost in the drill
{iso} INFO {svc} account of u-{n} unlocked
{iso} INFO {svc} role binding viewer created for u-{n}
{iso} INFO {svc} tls handshake completed in {ms} ms, TLSv1.3
{iso} INFO {svc} trust store has {n} authorities
{iso} INFO {svc} cert renewed, 90 days to go
{iso} INFO {svc} image {n} resized to 504x429
{iso} INFO {svc} watchdog fed, next in {d} s
{iso} INFO {svc} parity check of cache line {d} off by configuration
{iso} INFO {svc} survey: {d} % would "never crash again"
{iso} INFO {svc} refused cookies, kept language
{iso} INFO {svc} translation "unexpected error" loaded for de, fr, it
{iso} INFO {svc} aborted=0 rolled_back=0 committed={n}
{iso} INFO {svc} corrupted_blocks=0 scanned={n}
{iso} INFO {svc} stale replicas: none
{iso} INFO {svc} evaluated alert rule HighErrorRate: inactive
{iso} INFO {svc} alert TooManyRestarts resolved, all is well
{iso} INFO {svc} end of support for v1 in {n} days
""".strip().split("\n")

SERVICES = ["orders", "cart", "web", "billing", "stock", "search", "mailer", "gateway"]


def values(rng, second):
    clock = f"{10 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return {
        "iso": f"2026-03-02T{clock}Z", "clf": f"02/Mar/2026:{clock} +0000", "bsd": f"Mar  2 {clock}",
        "pg": f"2026-03-02 {clock}.100 UTC", "log4": f"2026-03-02 {clock},220",
        "svc": rng.choice(SERVICES), "n": rng.randrange(100, 60000), "d": rng.randrange(2, 60),
        "d1": rng.randrange(1, 10), "d2": rng.randrange(10, 60), "ms": rng.randrange(2, 900),
        "ip": f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
        "hex": "".join(rng.choice("abcdef" + string.digits) for _ in range(8)),
    }


def quiet_lines():
    rng = random.Random(7)
    templates = TEMPLATES * COPIES
    rng.shuffle(templates)
    return [template.format(**values(rng, second)) for second, template in enumerate(templates)]
