/* template_texts.c - the texts of the messages, by family */
#include "bench/template_texts.h"

#include "base/compiler.h"

#define DEBUG_(text)                                                                   \
	{                                                                              \
		SEVERITY_DEBUG, NULL, text                                             \
	}
#define INFO_(text)                                                                    \
	{                                                                              \
		SEVERITY_INFO, NULL, text                                              \
	}
#define WARN_(text)                                                                    \
	{                                                                              \
		SEVERITY_WARN, NULL, text                                              \
	}
#define ERROR_(text)                                                                   \
	{                                                                              \
		SEVERITY_ERROR, NULL, text                                             \
	}
#define CRITICAL_(text)                                                                \
	{                                                                              \
		SEVERITY_CRITICAL, NULL, text                                          \
	}

static const struct template_text application[] = {
	INFO_("request completed method=GET path={url} status=200 duration={ms} bytes={bytes}"),
	INFO_("order {id} placed by user {user} total={count} cents"),
	INFO_("payment {uuid} authorized for order {id} in {ms}"),
	DEBUG_("cache hit for key session:{request} ttl={count}"),
	DEBUG_("cache miss for key product:{id}, loading from {table}"),
	INFO_("user {email} logged in from {ip}"),
	INFO_("published event order.created id={uuid} partition={small} offset={id}"),
	INFO_("consumed {small} messages from topic {table} in {ms}"),
	DEBUG_("SELECT on {table} returned {count} rows in {ms}"),
	INFO_("job {uuid} finished after {seconds} s, {count} items processed"),
	WARN_("slow query on {table}: {ms} (limit 200ms), request {request}"),
	WARN_("retry {small} of 5 for call to {service}: connection reset by peer"),
	INFO_("session {request} created for user {id}"),
	INFO_("email to {email} queued as message {uuid}"),
	WARN_("queue {table} holds {count} messages, consumer lag {seconds} s"),
	ERROR_("call to {service} at {ip}:{port} failed: connection refused"),
	INFO_("config reloaded from {path}, {small} keys changed"),
	ERROR_("could not acquire connection from pool within 3000 ms: active={small}, idle=0, waiting={count}"),
	WARN_("circuit breaker for {service} is open, {count} calls rejected"),
	ERROR_("payment {uuid} declined: insufficient funds, order {id}"),
	INFO_("circuit breaker for {service} is closed again after {seconds} s"),
	WARN_("token of user {email} expired, session {request} ended"),
	ERROR_("upstream {service} timed out after {ms} on {url}"),
	WARN_("rate limit reached for client {ip}: 429 on {url}"),
	ERROR_("unhandled exception in worker {small}: java.lang.NullPointerException at order {id}"),
	INFO_("uploaded {path} to bucket backups-{region} ({bytes} bytes, etag {request})"),
	INFO_("feature flag checkout-v{small} is on for {percent}% of users"),
	ERROR_("TLS handshake with {ip}:{port} failed: certificate verify failed"),
	ERROR_("write to {path} failed: no space left on device"),
	CRITICAL_("out of memory: cannot allocate {bytes} bytes for batch {uuid}"),
	INFO_("health check of {service} ok in {ms}"),
	INFO_("worker {small} started on {host}, pid {count}"),
	INFO_("worker {small} stopped after {count} jobs"),
	WARN_("deprecated endpoint {url} called by {ip}"),
	WARN_("clock skew of {ms} against {host}"),
	DEBUG_("trace span {request} parent {request} took {ms}"),
	INFO_("stock of product {id} changed from {count} to {count}"),
	ERROR_("deadlock detected on {table}, transaction {id} rolled back"),
	INFO_("shipment {id} left warehouse {region}, carrier ref {hex}"),
	ERROR_("invoice {id} could not be rendered: template missing in {path}"),
	INFO_("coupon {hex} applied to cart {uuid}, {percent}% off"),
	WARN_("heap usage at {percent}%, gc pause {ms}"),
	INFO_("migration {count} applied in {seconds} s"),
	ERROR_("invalid credentials for {email} from {ip}, attempt {small}"),
	INFO_("gc freed {bytes} bytes in {ms}"),
};

#define SYSTEM(severity, program, text)                                                \
	{                                                                              \
		SEVERITY_##severity, program, text                                     \
	}

static const struct template_text system_programs[] = {
	SYSTEM(INFO, "sshd",
	       "Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 SHA256:{request}"),
	SYSTEM(INFO, "CRON", "({user}) CMD (/usr/local/bin/rotate {path})"),
	SYSTEM(INFO, "systemd", "Started Session {count} of User {user}."),
	SYSTEM(INFO, "systemd", "session-{count}.scope: Deactivated successfully."),
	SYSTEM(WARN, "sshd",
	       "Failed password for invalid user {user} from {ip} port {port} ssh2"),
	SYSTEM(INFO, "sshd", "Disconnected from user {user} {ip} port {port}"),
	SYSTEM(INFO, "sshd", "Connection closed by {ip} port {port} [preauth]"),
	SYSTEM(INFO, "kernel", "[{id}.{count}] eth0: renamed from veth{hex}"),
	SYSTEM(INFO, "systemd", "Started {service}.service - {service} worker."),
	SYSTEM(INFO, "systemd", "{service}.service: Consumed {seconds}s CPU time."),
	SYSTEM(ERROR, "systemd",
	       "{service}.service: Main process exited, code=exited, status={small}/FAILURE"),
	SYSTEM(WARN, "systemd",
	       "{service}.service: Scheduled restart job, restart counter is at {small}."),
	SYSTEM(ERROR, "systemd",
	       "Failed to start {service}.service - {service} worker."),
	SYSTEM(INFO, "postfix/smtpd", "connect from unknown[{ip}]"),
	SYSTEM(INFO, "postfix/smtpd",
	       "disconnect from unknown[{ip}] ehlo=1 mail={small} rcpt={small} commands={small}"),
	SYSTEM(INFO, "postfix/cleanup", "{hex}: message-id=<{uuid}@example.com>"),
	SYSTEM(INFO, "postfix/qmgr",
	       "{hex}: from=<{email}>, size={bytes}, nrcpt={small} (queue active)"),
	SYSTEM(INFO, "postfix/smtp",
	       "{hex}: to=<{email}>, relay=mail.example.com[{ip}]:25, delay={seconds}, status=sent (250 2.0.0 Ok)"),
	SYSTEM(WARN, "postfix/smtp",
	       "{hex}: to=<{email}>, relay=none, delay={count}, status=deferred (connect to mail.example.com[{ip}]:25: Connection timed out)"),
	SYSTEM(WARN, "kernel",
	       "[{id}.{count}] TCP: request_sock_TCP: Possible SYN flooding on port {port}. Sending cookies."),
	SYSTEM(CRITICAL, "kernel",
	       "[{id}.{count}] Out of memory: Killed process {id} (java) total-vm:{id}kB, anon-rss:{id}kB"),
	SYSTEM(ERROR, "kernel",
	       "[{id}.{count}] EXT4-fs error (device sda{small}): ext4_lookup: deleted inode referenced: {id}"),
	SYSTEM(ERROR, "kernel",
	       "[{id}.{count}] {service}[{count}]: segfault at {address} ip {address} sp {address} error {small}"),
	SYSTEM(INFO, "dhclient", "DHCPACK of {ip} from {ip}"),
	SYSTEM(INFO, "dhclient", "bound to {ip} -- renewal in {count} seconds."),
	SYSTEM(INFO, "sudo",
	       "pam_unix(sudo:session): session opened for user root(uid=0) by {user}(uid={count})"),
	SYSTEM(WARN, "sudo",
	       "{user} : user NOT in sudoers ; TTY=pts/{small} ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/id"),
	SYSTEM(INFO, "chronyd", "Selected source {ip}"),
	SYSTEM(WARN, "chronyd", "System clock wrong by {seconds} seconds"),
	SYSTEM(INFO, "named",
	       "client @{address} {ip}#{port}: query: {service}.example.com IN A + ({ip})"),
	SYSTEM(ERROR, "nfsd", "server {host} not responding, timed out"),
	SYSTEM(INFO, "dockerd", "container {request} exited code={small}"),
};

static const struct template_text kubernetes[] = {
	INFO_("Successfully assigned default/{pod} to {host}"),
	INFO_("Pulled image registry.example.com/{service}:{hex} in {seconds}s ({bytes} bytes)"),
	INFO_("Created container {service} in pod {pod}"),
	INFO_("Started container {service} in pod {pod}"),
	INFO_("SyncLoop ADD source=api pods=[default/{pod}]"),
	INFO_("SyncLoop DELETE source=api pods=[default/{pod}]"),
	WARN_("Readiness probe failed: HTTP probe failed with statuscode: 503, pod {pod}"),
	WARN_("Liveness probe failed: Get http://{ip}:8080/healthz: context deadline exceeded"),
	ERROR_("Error syncing pod {pod}, skipping: CrashLoopBackOff: back-off {small}m0s restarting failed container={service}"),
	ERROR_("Container {service} of pod {pod} was OOMKilled, exit code 137"),
	ERROR_("Failed to pull image registry.example.com/{service}:{hex}: rpc error: code = NotFound"),
	INFO_("Scaled up replica set {service}-{hex} to {small}"),
	INFO_("Scaled down replica set {service}-{hex} to {small}"),
	INFO_("MountVolume.SetUp succeeded for volume pvc-{uuid} pod {pod}"),
	WARN_("Node {host} has disk pressure, {percent}% used"),
	ERROR_("Unable to attach or mount volumes for pod {pod}: timed out waiting for the condition"),
	INFO_("Updated endpoints of service {service}: {small} ready, {small} not ready"),
	INFO_("leader election: {host}_{uuid} became leader"),
	INFO_("Reconciling deployment {service} generation {count} took {ms}"),
	WARN_("Throttling request took {seconds}s, request: GET:https://{ip}:443/api/v1/pods"),
};

static const struct template_text postgres[] = {
	INFO_("connection received: host={ip} port={port}"),
	INFO_("connection authorized: user={user} database={service}"),
	INFO_("disconnection: session time: 0:00:{seconds} user={user} database={service} host={ip} port={port}"),
	INFO_("checkpoint starting: time"),
	INFO_("checkpoint complete: wrote {count} buffers ({percent}%); write={seconds} s, sync=0.{count} s"),
	INFO_("duration: {seconds} ms  statement: SELECT * FROM {table} WHERE id = {id}"),
	INFO_("automatic vacuum of table app.public.{table}: index scans: {small}"),
	INFO_("automatic analyze of table app.public.{table}"),
	WARN_("temporary file: path base/pgsql_tmp/pgsql_tmp{count}.{small}, size {bytes}"),
	ERROR_("duplicate key value violates unique constraint {table}_pkey"),
	ERROR_("relation {table}_old does not exist at character {small}"),
	ERROR_("canceling statement due to statement timeout"),
	ERROR_("deadlock detected: process {count} waits for ShareLock on transaction {id}"),
	CRITICAL_("password authentication failed for user {user}"),
	CRITICAL_("sorry, too many clients already"),
	INFO_("replication: standby {host} is now a synchronous standby with priority {small}"),
};

static const struct template_text apache[] = {
	ERROR_("[client {ip}:{port}] AH00128: File does not exist: /var/www{url}"),
	ERROR_("[client {ip}:{port}] AH01630: client denied by server configuration: /var/www{url}"),
	WARN_("[client {ip}:{port}] AH01276: Cannot serve directory /var/www{url}: No matching DirectoryIndex"),
	INFO_("AH00094: Command line: /usr/sbin/apache2"),
	INFO_("AH00163: Apache/2.4.57 (Debian) configured -- resuming normal operations"),
	ERROR_("(111)Connection refused: AH00957: HTTP: attempt to connect to {ip}:{port} (backend) failed"),
	ERROR_("[client {ip}:{port}] AH01114: HTTP: failed to make connection to backend: {host}"),
	ERROR_("(70007)The timeout specified has expired: [client {ip}:{port}] AH01110: error reading response"),
	WARN_("AH01909: {service}.example.com:443:0 server certificate does NOT include an ID which matches the server name"),
	ERROR_("[client {ip}:{port}] PHP Fatal error:  Uncaught TypeError: strlen() expects string in {path}:{count}"),
	WARN_("[client {ip}:{port}] PHP Warning:  Undefined variable total in {path} on line {count}"),
	CRITICAL_(
		"AH00484: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting"),
};

static const struct template_text redis[] = {
	INFO_("DB saved on disk"),
	INFO_("{count} changes in {small} seconds. Saving..."),
	INFO_("Background saving started by pid {count}"),
	INFO_("Background saving terminated with success"),
	INFO_("RDB: {count} MB of memory used by copy-on-write"),
	INFO_("Accepted {ip}:{port}"),
	INFO_("Client closed connection id={count} addr={ip}:{port}"),
	WARN_("Connection with replica {ip}:{port} lost."),
	INFO_("Replica {ip}:{port} asks for synchronization"),
	INFO_("Partial resynchronization request from {ip}:{port} accepted. Sending {bytes} bytes of backlog"),
	WARN_("WARNING overcommit_memory is set to 0! Background save may fail under low memory condition."),
	WARN_("Asynchronous AOF fsync is taking too long (disk is busy?)."),
	CRITICAL_("Can't save in background: fork: Cannot allocate memory"),
	WARN_("Marking node {request} as failing (quorum reached)."),
};

const struct template_list template_lists[FAMILY_COUNT] = {
	[FAMILY_APPLICATION] = { application, ARRAY_LEN(application) },
	[FAMILY_SYSTEM] = { system_programs, ARRAY_LEN(system_programs) },
	[FAMILY_KUBERNETES] = { kubernetes, ARRAY_LEN(kubernetes) },
	[FAMILY_POSTGRES] = { postgres, ARRAY_LEN(postgres) },
	[FAMILY_APACHE] = { apache, ARRAY_LEN(apache) },
	[FAMILY_REDIS] = { redis, ARRAY_LEN(redis) },
};

const char *const template_verbs[] = {
	"loading",  "saving",    "validating", "refreshing",  "exporting",  "importing",
	"indexing", "archiving", "merging",    "replicating", "encrypting", "restoring",
};
const char *const template_objects[] = {
	"customer {id}",       "price list of {region}", "cart {uuid}",
	"report {count}",      "search index {table}",   "profile of {email}",
	"snapshot {hex}",      "ledger page {count}",    "image {path}",
	"subscription {uuid}", "tax table of {region}",
};
/* the first is success */
const char *const template_reasons[] = {
	"done in {ms}",
	"failed: timeout after {ms}",
	"failed: {service} answered 503",
	"failed: permission denied for {user}",
};
const size_t template_verbs_count = ARRAY_LEN(template_verbs);
const size_t template_objects_count = ARRAY_LEN(template_objects);
const size_t template_reasons_count = ARRAY_LEN(template_reasons);
