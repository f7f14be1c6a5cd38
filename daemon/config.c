/* config.c - the option tables of siftd.yaml */
#include "daemon/config.h"

#include <stdlib.h>

#include "base/endpoint.h"
#include "base/mem.h"
#include "daemon/config_sources.h"
#include "daemon/secret_file.h"

#define AT(member) offsetof(struct config, member)
#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define RATE_MAX 1000000
#define ZONE_MINUTES_MAX (INT64_C(14) * 60)
#define GIB (INT64_C(1) << 30)
#define RETENTION_MAX (36500 * DAY_US)
#define RETENTION_BYTES_MAX (INT64_C(1) << 60)

static const struct config_option options[] = {
	{ "state_dir", OPTION_STRING, 0, AT(state_dir), "/var/lib/siftd", 0, 0, NULL,
	  "folder of the spool, the embedded PostgreSQL and compiled rules" },
	{ "log_level", OPTION_CHOICE, 0, AT(log_level), "info", 0, 0,
	  "debug|info|warn|error", "what siftd says of itself on standard error" },
	{ "rules_dir", OPTION_STRING, 0, AT(rules_dir), NULL, 0, 0, NULL,
	  "folder of rules; absent: the rules that came with siftd" },
	{ "lanes", OPTION_INT, 0, AT(lanes), "0", 0, 64, NULL,
	  "pipeline threads; 0: one less than there are cores, at least one" },

	{ "http.listen", OPTION_STRING, 0, AT(http.listen), "127.0.0.1:8080", 0, 0,
	  NULL, "address and port of the HTTP interface" },
	{ "http.body_bytes_max", OPTION_BYTES, 0, AT(http.body_bytes_max), "64MiB",
	  1024, GIB, NULL, "largest request body" },
	{ "http.public_body_bytes_max", OPTION_BYTES, 0, AT(http.public_body_bytes_max),
	  "64KiB", 1024, GIB, NULL,
	  "largest body where anybody may call, such as a login" },
	{ "http.bodies_bytes", OPTION_BYTES, 0, AT(http.bodies_bytes), "256MiB",
	  (int64_t)1 << 20, 64 * GIB, NULL,
	  "memory for all bodies; what does not fit is answered 503" },
	{ "http.body_rate", OPTION_BYTES, 0, AT(http.body_rate), "1KiB", 0, GIB, NULL,
	  "bytes a second that a body must come with; slower ones are closed" },
	{ "http.answer_rate", OPTION_BYTES, 0, AT(http.answer_rate), "1KiB", 0, GIB,
	  NULL,
	  "bytes a second that a client must take of an answer; slower ones are closed" },
	{ "http.head_bytes_max", OPTION_BYTES, 0, AT(http.head_bytes_max), "32KiB",
	  1024, (int64_t)1 << 20, NULL, "largest head of a request" },
	{ "http.connections_max", OPTION_INT, 0, AT(http.connections_max), "1024", 1,
	  100000, NULL, "connections; idle ones give way to new ones" },
	{ "http.connections_per_address_max", OPTION_INT, 0,
	  AT(http.connections_per_address_max), "256", 0, 100000, NULL,
	  "connections of an address; 0: any, as behind a reverse proxy" },
	{ "http.trusted_proxies", OPTION_LIST, 0, AT(http.trusted_proxies), NULL, 0, 0,
	  NULL,
	  "networks of reverse proxies, such as 10.0.0.0/8; their header names the client" },
	{ "http.proxy_header", OPTION_CHOICE, 0, AT(http.proxy_header),
	  "X-Forwarded-For", 0, 0, "X-Forwarded-For|Forwarded",
	  "the one that these proxies write" },
	{ "http.cors_origins", OPTION_LIST, 0, AT(http.cors_origins), NULL, 0, 0, NULL,
	  "origins whose pages may call, such as https://example.com, or *; absent: none" },
	{ "http.head_timeout", OPTION_DURATION, 0, AT(http.head_timeout_us), "10s",
	  SECOND_US, 3600 * SECOND_US, NULL,
	  "how long a request's head, or a TLS handshake, may take" },
	{ "http.drain_timeout", OPTION_DURATION, 0, AT(http.drain_timeout_us), "5s", 0,
	  60 * SECOND_US, NULL,
	  "at the end, open requests may take so long to be answered" },
	{ "http.tls_certificate", OPTION_STRING, 0, AT(http.tls_certificate), NULL, 0,
	  0, NULL,
	  "PEM file, with those above it; then the interface speaks TLS. SIGHUP reads it anew" },
	{ "http.tls_key", OPTION_STRING, 0, AT(http.tls_key), NULL, 0, 0, NULL,
	  "PEM file of its key, without a passphrase" },
	{ "http.idle_timeout", OPTION_DURATION, 0, AT(http.idle_timeout_us), "60s",
	  SECOND_US, DAY_US, NULL, "a connection silent for so long is closed" },
	{ "http.token_lifetime", OPTION_DURATION, 0, AT(http.token_lifetime_us), "12h",
	  60 * SECOND_US, 365 * DAY_US, NULL, "how long a login lasts" },
	{ "http.registration", OPTION_CHOICE, 0, AT(http.registration), "local", 0, 0,
	  "local|open|invited|closed",
	  "who may make an account; local: anybody on a loopback address, but not by proxy" },
	{ "http.invitation_lifetime", OPTION_DURATION, 0,
	  AT(http.invitation_lifetime_us), "7d", 60 * SECOND_US, 365 * DAY_US, NULL,
	  "how long an invitation can be accepted" },
	{ "http.logins_per_minute", OPTION_INT, 0, AT(http.logins_per_minute), "10", 0,
	  RATE_MAX, NULL,
	  "login attempts of an address, and of it at one account; 0: any" },
	{ "http.registrations_per_minute", OPTION_INT, 0,
	  AT(http.registrations_per_minute), "5", 0, RATE_MAX, NULL,
	  "registrations from an address; 0: any" },
	{ "http.writes_per_minute", OPTION_INT, 0, AT(http.writes_per_minute), "30", 0,
	  RATE_MAX, NULL, "requests of a user that change something; 0: any" },
	{ "http.reads_per_minute", OPTION_INT, 0, AT(http.reads_per_minute), "600", 0,
	  RATE_MAX, NULL, "other requests of a user, or API key; 0: any" },
	{ "http.pushes_per_minute", OPTION_INT, 0, AT(http.pushes_per_minute), "6000",
	  0, RATE_MAX, NULL,
	  "requests of an API key, or user, that push logs; 0: any" },
	{ "http.insights_per_minute", OPTION_INT, 0, AT(http.insights_per_minute), "2",
	  0, RATE_MAX, NULL, "explanations that a user asks for; 0: any" },
	{ "http.bad_tokens_per_minute", OPTION_INT, 0, AT(http.bad_tokens_per_minute),
	  "120", 0, RATE_MAX, NULL,
	  "wrong tokens from an address before all its requests must wait; 0: any" },
	{ "http.query_workers", OPTION_INT, 0, AT(http.query_workers), "2", 1, 64, NULL,
	  "threads that decode stored blocks" },

	{ "query.time", OPTION_DURATION, 0, AT(query.time_us), "10s", 100000,
	  3600 * SECOND_US, NULL,
	  "a question for events may take so long; then its page ends early" },
	{ "query.memory", OPTION_BYTES, 0, AT(query.memory_bytes), "64MiB",
	  (int64_t)8 << 20, 16 * GIB, NULL, "what one question for events may hold" },
	{ "query.cache", OPTION_BYTES, 0, AT(query.cache_bytes), "64MiB", 0, 16 * GIB,
	  NULL,
	  "filters of words kept in memory; a million events need about one MiB" },
	{ "query.block_cache", OPTION_BYTES, 0, AT(query.block_cache_bytes), "64MiB", 0,
	  16 * GIB, NULL,
	  "decoded blocks kept in memory for pages of events; a block needs about one MiB" },
	{ "query.kept_answers", OPTION_BYTES, 0, AT(query.kept_answers_bytes), "16MiB",
	  0, 16 * GIB, NULL,
	  "answers kept in memory until something is committed; 0: each is made anew" },
	{ "query.tail_listeners", OPTION_INT, 0, AT(query.tail_listeners), "2000", 0,
	  100000, NULL, "clients that may listen to tails at a time" },
	{ "query.tail_time", OPTION_DURATION, 0, AT(query.tail_time_us), "15m",
	  SECOND_US, 86400 * SECOND_US, NULL,
	  "then a tail ends, and its client comes again with its credential" },
	{ "query.tail_recheck", OPTION_DURATION, 0, AT(query.tail_recheck_us), "5s",
	  SECOND_US, 3600 * SECOND_US, NULL,
	  "how often it is asked whether those who listen to tails still may" },

	{ "query.backtests", OPTION_INT, 0, AT(query.backtests), "2", 0, 64, NULL,
	  "rules that may be tried on stored events at a time" },
	{ "query.backtest_time", OPTION_DURATION, 0, AT(query.backtest_time_us), "60s",
	  100000, 3600 * SECOND_US, NULL,
	  "then a rule was tried long enough, and the answer says how far it came" },
	{ "query.backtest_events", OPTION_INT, 0, AT(query.backtest_events),
	  "100000000", 1, INT64_MAX, NULL,
	  "events that are read for it at most, by the same token" },

	{ "database.url", OPTION_STRING, 0, AT(database.url), NULL, 0, 0, NULL,
	  "PostgreSQL to use, postgresql://...; absent: an embedded one" },
	{ "database.url_file", OPTION_STRING, 0, AT(database.url_file), NULL, 0, 0,
	  NULL, "file that holds database.url, for secrets" },
	{ "database.embedded_user", OPTION_STRING, 0, AT(database.embedded_user), NULL,
	  0, 0, NULL,
	  "who runs the embedded server when siftd is root; absent: postgres, else nobody" },
	{ "database.connections_max", OPTION_INT, 0, AT(database.connections_max), "4",
	  1, 100, NULL, "connections for queries; each lane has one more for storing" },
	{ "database.pending_max", OPTION_INT, 0, AT(database.pending_max), "256", 1,
	  65536, NULL, "queries waiting for a connection; further ones are refused" },
	{ "database.query_timeout", OPTION_DURATION, 0, AT(database.query_timeout_us),
	  "30s", SECOND_US, 3600 * SECOND_US, NULL,
	  "a query that runs longer is cancelled" },

	{ "batch.events_max", OPTION_INT, 0, AT(batch.events_max), "262144", 1, 1000000,
	  NULL, "events of one transaction" },
	{ "batch.bytes_max", OPTION_BYTES, 0, AT(batch.bytes_max), "64MiB", 65536, GIB,
	  NULL, "raw bytes of one transaction" },
	{ "batch.age", OPTION_DURATION, 0, AT(batch.age_us), "500ms", 1000,
	  60 * SECOND_US, NULL,
	  "how long an event waits for others before it is stored" },
	{ "batch.age_behind", OPTION_DURATION, 0, AT(batch.age_behind_us), "2s", 1000,
	  60 * SECOND_US, NULL,
	  "the same while a lane has 4 MiB of input before it: larger batches cost less" },
	{ "batch.queue_bytes", OPTION_BYTES, 0, AT(batch.queue_bytes), "32MiB", 65536,
	  GIB, NULL, "encoded batches of a lane that wait for the database" },
	{ "batch.zstd_level", OPTION_INT, 0, AT(batch.zstd_level), "1", -7, 19, NULL,
	  "compression of stored events" },

	{ "record.bytes_max", OPTION_BYTES, 0, AT(record.bytes_max), "1MiB", 1024,
	  64 * (GIB >> 10), NULL, "a longer record is split; no byte is lost" },
	{ "record.lines_max", OPTION_INT, 0, AT(record.lines_max), "10000", 1, 1000000,
	  NULL, "lines of one record" },
	{ "record.close_after", OPTION_DURATION, 0, AT(record.close_after_us), "700ms",
	  10000, 3600 * SECOND_US, NULL,
	  "a record is complete when its stream is silent for so long" },
	{ "record.zone_offset_minutes", OPTION_INT, 0, AT(record.zone_offset_minutes),
	  "0", -ZONE_MINUTES_MAX, ZONE_MINUTES_MAX, NULL,
	  "of timestamps without a zone, minutes east of UTC" },

	{ "grouping.templates_max", OPTION_INT, 0, AT(grouping.templates_max), "100000",
	  1000, 10000000, NULL, "templates of a project kept in memory" },
	{ "grouping.buckets_max", OPTION_INT, 0, AT(grouping.buckets_max), "400000",
	  1000, 100000000, NULL, "candidates for variables kept in memory" },
	{ "grouping.memory_bytes_max", OPTION_BYTES, 0, AT(grouping.memory_bytes_max),
	  "96MiB", GIB >> 10, 16 * GIB, NULL, "memory of a project's learner" },
	{ "grouping.shapes_bytes", OPTION_BYTES, 0, AT(grouping.shapes_bytes), "16MiB",
	  65536, 16 * GIB, NULL,
	  "memory of each lane's cache of the layouts of lines" },

	{ "spool.partitions", OPTION_INT, 0, AT(spool.partitions), "4", 1, 256, NULL,
	  "logs that received data is spread over" },
	{ "spool.segment_bytes", OPTION_BYTES, 0, AT(spool.segment_bytes), "64MiB",
	  65536, 4 * GIB, NULL, "size of one file of the spool" },
	{ "spool.bytes_max", OPTION_BYTES, 0, AT(spool.bytes_max), "4GiB", GIB >> 10,
	  4096 * GIB, NULL, "size of the spool; when it is full, senders wait" },
	{ "spool.frame_bytes_max", OPTION_BYTES, 0, AT(spool.frame_bytes_max), "1MiB",
	  4096, 64 * (GIB >> 10), NULL, "larger bodies are stored in several frames" },
	{ "spool.sync_delay", OPTION_DURATION, 0, AT(spool.sync_delay_us), "2ms", 0,
	  SECOND_US, NULL, "how long an fdatasync waits for more to write" },

	{ "uploads.length_max", OPTION_BYTES, 0, AT(uploads.length_max), "10GiB", 1,
	  4096 * GIB, NULL, "size of one upload in parts" },
	{ "uploads.bytes_max", OPTION_BYTES, 0, AT(uploads.bytes_max), "40GiB", 1,
	  4096 * GIB, NULL, "size of all that are there, as announced" },
	{ "uploads.count_max", OPTION_INT, 0, AT(uploads.count_max), "1000", 0, 100000,
	  NULL, "uploads in parts that are there at a time" },
	{ "uploads.project_bytes_max", OPTION_BYTES, 0, AT(uploads.project_bytes_max),
	  "20GiB", 0, 4096 * GIB, NULL, "of the uploads of one project; 0: bytes_max" },
	{ "uploads.project_count_max", OPTION_INT, 0, AT(uploads.project_count_max),
	  "500", 0, 100000, NULL, "uploads of one project; 0: count_max" },
	{ "uploads.lifetime", OPTION_DURATION, 0, AT(uploads.lifetime_us), "24h",
	  SECOND_US, 8760 * (3600 * SECOND_US), NULL,
	  "what is not complete by then is removed" },

	{ "upkeep.interval", OPTION_DURATION, 0, AT(upkeep.interval_us), "10s", 100000,
	  3600 * SECOND_US, NULL,
	  "pause between two turns of deleting, forgetting, rolling up and merging" },
	{ "upkeep.rows_max", OPTION_INT, 0, AT(upkeep.rows_max), "5000", 100, 1000000,
	  NULL, "rows that one transaction of upkeep removes" },
	{ "upkeep.blocks_max", OPTION_INT, 0, AT(upkeep.blocks_max), "64", 1, 10000,
	  NULL, "blocks of events that one transaction of upkeep removes" },

	{ "compact.small_events", OPTION_INT, 0, AT(compact.small_events), "2048", 0,
	  4096, NULL,
	  "stored blocks of fewer events are merged with their neighbours; 0: never" },
	{ "compact.blocks_min", OPTION_INT, 0, AT(compact.blocks_min), "8", 2, 256,
	  NULL, "so many neighbours are merged though they stay small together" },
	{ "compact.merges_max", OPTION_INT, 0, AT(compact.merges_max), "32", 1, 10000,
	  NULL, "merges of one turn of upkeep" },
	{ "compact.zstd_level", OPTION_INT, 0, AT(compact.zstd_level), "3", -7, 19,
	  NULL, "compression of merged blocks" },

	{ "retention.age", OPTION_DURATION, 0, AT(retention.age_us), "0s", 0,
	  RETENTION_MAX, NULL,
	  "events received longer ago are dropped, by whole days (UTC); 0s: never" },
	{ "retention.bytes_max", OPTION_BYTES, 0, AT(retention.bytes_max), "0", 0,
	  RETENTION_BYTES_MAX, NULL,
	  "stored events beyond are dropped, oldest days first; 0: any size" },
	{ "retention.counts_age", OPTION_DURATION, 0, AT(retention.counts_us), "0s", 0,
	  RETENTION_MAX, NULL,
	  "counts of groups that are older are forgotten, by whole days; 0s: never" },
	{ "retention.audit_age", OPTION_DURATION, 0, AT(retention.audit_us), "365d", 0,
	  RETENTION_MAX, NULL,
	  "how long it is kept who did what, by whole days; 0s: for ever" },
	{ "retention.windows_age", OPTION_DURATION, 0, AT(retention.windows_us), "30d",
	  0, RETENTION_MAX, NULL,
	  "how long the buckets of windows of rules are kept; 0s: for ever" },
	{ "retention.positions_age", OPTION_DURATION, 0, AT(retention.positions_us),
	  "30d", 0, RETENTION_MAX, NULL,
	  "how long it is kept how far files that are gone were read; 0s: for ever" },

	{ "rollup.hours_after", OPTION_DURATION, 0, AT(rollup.hours_after_us), "14d", 0,
	  RETENTION_MAX, NULL, "counts by minute become counts by hour at this age" },
	{ "rollup.days_after", OPTION_DURATION, 0, AT(rollup.days_after_us), "90d", 0,
	  RETENTION_MAX, NULL, "counts by hour become counts by day at this age" },
	{ "rollup.interval", OPTION_DURATION, 0, AT(rollup.interval_us), "1h", 100000,
	  DAY_US, NULL, "pause between two sweeps over all counts" },

	{ "windows.lateness", OPTION_DURATION, 0, AT(windows.lateness_us), "1m",
	  SECOND_US, DAY_US, NULL,
	  "a project's silence is told of so long after it could be: how late its events "
	  "may come" },

	{ "notify.interval", OPTION_DURATION, 0, AT(notify.interval_us), "2s", 100000,
	  3600 * SECOND_US, NULL,
	  "pause between two looks for what channels are to be told" },
	{ "notify.timeout", OPTION_DURATION, 0, AT(notify.timeout_us), "10s", SECOND_US,
	  300 * SECOND_US, NULL, "a channel that takes longer has failed" },
	{ "notify.attempts_max", OPTION_INT, 0, AT(notify.attempts_max), "12", 1, 100,
	  NULL, "so often a message is tried, from 5 seconds to 15 minutes apart" },
	{ "notify.outbox_max", OPTION_INT, 0, AT(notify.outbox_max), "1000", 1, 1000000,
	  NULL, "findings that wait for one channel; further ones are not told" },
	{ "notify.age_max", OPTION_DURATION, 0, AT(notify.age_us), "1d", SECOND_US,
	  RETENTION_MAX, NULL, "what ended longer ago is told to nobody: old logs" },
	{ "notify.kept", OPTION_DURATION, 0, AT(notify.kept_us), "7d", DAY_US,
	  RETENTION_MAX, NULL, "how long it is kept what was told, by whole days" },
	{ "notify.public_url", OPTION_STRING, 0, AT(notify.public_url), NULL, 0, 0,
	  NULL, "where people reach this siftd; messages hold links to it" },
	{ "notify.kafka_brokers", OPTION_LIST, 0, AT(notify.kafka_brokers), NULL, 0, 0,
	  NULL, "host:port of some brokers; absent: no channels of kind kafka" },
	{ "notify.kafka_topics", OPTION_LIST, 0, AT(notify.kafka_topics), NULL, 0, 0,
	  NULL,
	  "that channels may name; one that begins with ^ is a pattern of names" },
	{ "notify.kafka_properties", OPTION_MAP, 0, AT(notify.kafka_properties), NULL,
	  0, 0, NULL,
	  "any of librdkafka's, such as security.protocol; NAME_file: a file that "
	  "holds it" },
	{ "notify.allow_link_local", OPTION_BOOL, 0, AT(notify.allow_link_local),
	  "false", 0, 0, NULL,
	  "whether channels may be at link-local and metadata addresses" },
	{ "notify.private_networks", OPTION_CHOICE, 0, AT(notify.private_networks),
	  "auto", 0, 0, "auto|allow|refuse",
	  "whether channels may be on this machine and in private networks; auto: unless "
	  "http.registration is open" },
	{ "notify.key_file", OPTION_STRING, 0, AT(notify.key_file), NULL, 0, 0, NULL,
	  "keys that channels are sealed under in the database, made when it is not "
	  "there; absent: channels.key in state_dir. All daemons of a database need the "
	  "same one" },

	{ "explain.url", OPTION_STRING, 0, AT(explain.url), NULL, 0, 0, NULL,
	  "an OpenAI-compatible endpoint, without /chat/completions; absent: no "
	  "explanations" },
	{ "explain.model", OPTION_STRING, 0, AT(explain.model), NULL, 0, 0, NULL,
	  "the model's name there" },
	{ "explain.key", OPTION_STRING, 0, AT(explain.key), NULL, 0, 0, NULL,
	  "the key for it, if it wants one" },
	{ "explain.key_file", OPTION_STRING, 0, AT(explain.key_file), NULL, 0, 0, NULL,
	  "file that holds explain.key, for secrets" },
	{ "explain.timeout", OPTION_DURATION, 0, AT(explain.timeout_us), "60s",
	  SECOND_US, 3600 * SECOND_US, NULL,
	  "of one explanation, with retries and one repair" },
	{ "explain.open_max", OPTION_INT, 0, AT(explain.open_max), "4", 1, 16, NULL,
	  "explanations that are made at a time" },
	{ "explain.tokens_max", OPTION_INT, 0, AT(explain.tokens_max), "3000", 100,
	  100000, NULL, "length of an answer, in the model's tokens" },
	{ "explain.daily_max", OPTION_INT, 0, AT(explain.daily_max), "200", 0, 1000000,
	  NULL, "explanations of an organisation in a day (UTC)" },

	{ "findings.episodes_max", OPTION_INT, 0, AT(notify.episodes_max), "1000", 1,
	  1000000, NULL, "episodes of a finding that are kept, the newest ones" },
};

static const struct option_table main_table = { options, ARRAY_LEN(options),
						"sources" };

/* a mapping's key at the place where it stands */
static const struct yaml_node *node_of(const struct yaml_doc *doc, const char *section,
				       const char *key)
{
	return yaml_find(yaml_find(doc->root, section), key);
}

/* said at start, before anything is made */
static int check_listen(const struct config *config, const struct yaml_doc *doc,
			struct error *error)
{
	struct endpoint endpoint = { 0 };
	struct error reason = { 0 };

	if (endpoint_parse(config->http.listen, &endpoint, &reason) < 0)
		return yaml_error(doc, node_of(doc, "http", "listen"), error,
				  "http.listen: %s", reason.text);
	endpoint_deinit(&endpoint);
	return 0;
}

static int load_document(struct config *config, const struct yaml_doc *doc,
			 struct error *error)
{
	if (doc->next != NULL)
		return error_set(error, "%s: more than one document", doc->name);
	if (options_read(&main_table, &(struct option_text){ doc, doc->root, 0 },
			 config, error) < 0)
		return -1;
	if (config->database.url != NULL && config->database.url_file != NULL)
		return error_set(error,
				 "%s: database.url and database.url_file are both set",
				 doc->name);
	if ((config->http.tls_certificate == NULL) != (config->http.tls_key == NULL))
		return error_set(
			error, "%s: http.tls_certificate and http.tls_key go together",
			doc->name);
	if (check_listen(config, doc, error) < 0)
		return -1;
	if (config->explain.url != NULL && config->explain.model == NULL)
		return yaml_error(doc, node_of(doc, "explain", "url"), error,
				  "explain.url needs explain.model");
	if (config->explain.key != NULL && config->explain.key_file != NULL)
		return error_set(error,
				 "%s: explain.key and explain.key_file are both set",
				 doc->name);
	if (config->explain.key_file != NULL &&
	    secret_file_read("explain.key_file", config->explain.key_file,
			     &config->explain.key, error) < 0)
		return -1;
	return config_sources_read(config, doc, error);
}

int config_load(const char *path, struct config **out, struct error *error)
{
	const struct yaml_doc nothing = { .name = "defaults" };
	struct config *config = mem_calloc(1, sizeof(*config));
	struct yaml_doc *docs = NULL;
	int status = 0;

	if (path != NULL)
		status = yaml_parse_file(path, &docs, error);
	if (status == 0)
		status = load_document(config, docs == NULL ? &nothing : docs, error);
	yaml_docs_free(&docs);
	if (status < 0)
		config_free(&config);
	*out = config;
	return status;
}

void config_free(struct config **config_ptr)
{
	struct config *config = *config_ptr;

	if (config == NULL)
		return;
	config_sources_free(config);
	options_free(&main_table, config);
	mem_free(config);
	*config_ptr = NULL;
}

void config_describe(struct buf *out)
{
	buf_append_str(
		out,
		"# siftd.yaml - every option with its default. `siftd config` prints\n"
		"# this file, `siftd check --config FILE` reads yours and says what is wrong.\n"
		"# Sizes: 64KiB, 16MiB; durations: 200ms, 30s, 12h. Strings may hold ${NAME}\n"
		"# for an environment variable.\n\n");
	options_describe(&main_table, 0, "", out);
	config_sources_describe(out);
}
