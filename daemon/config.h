/* config.h - everything that can be configured, read from one YAML file
 *
 * Threads: start-up and the loop. Owner: config_free.
 * Limits: SOURCES_MAX sources; every other bound is an option itself.
 */
#ifndef SIFTD_DAEMON_CONFIG_H
#define SIFTD_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "daemon/options.h"
#include "sources/kafka.h"
#include "sources/syslog_socket.h"
#include "sources/syslog_tls.h"

#define SOURCES_MAX 256

enum source_kind {
	SOURCE_FILE = 1,
	SOURCE_SYSLOG_TCP = 2,
	SOURCE_KAFKA = 4,
	SOURCE_SYSLOG_UDP = 8,
	SOURCE_SYSLOG_UNIX = 16
};

struct source_config {
	enum source_kind kind;
	char *type;
	char *name;
	char *project;
	/* file */
	struct option_list paths;
	struct option_list exclude;
	char *start_at;
	int64_t rescan_us;
	int64_t linger_us;
	bool poll_only;
	int64_t read_bytes;
	int64_t ignore_older_us;
	int64_t files_max;
	int64_t canary_us;
	bool follow_symlinks;
	/* syslog_tcp, syslog_udp, syslog_unix */
	char *listen;
	char *path;
	char *mode;
	char *socket;
	int64_t receive_buffer_bytes;
	int64_t connections_per_address_max;
	bool proxy_protocol;
	struct {
		char *cert_file;
		char *key_file;
		char *client_ca_file;
		int64_t handshake_timeout_us;
	} tls;
	int64_t connections_max;
	int64_t idle_timeout_us;
	int64_t frame_bytes_max;
	/* kafka, and start_at */
	struct option_list brokers;
	struct option_list topics;
	struct option_list projects;
	char *project_header;
	char *project_pattern;
	char *unknown_project;
	char *group;
	int64_t message_bytes_max;
	struct option_map properties;
};

struct config {
	char *state_dir;
	char *log_level;
	char *rules_dir;
	int64_t lanes;
	struct {
		char *listen;
		int64_t body_bytes_max;
		int64_t public_body_bytes_max;
		int64_t bodies_bytes;
		int64_t body_rate;
		int64_t head_bytes_max;
		int64_t connections_max;
		int64_t connections_per_address_max;
		int64_t head_timeout_us;
		int64_t drain_timeout_us;
		int64_t answer_rate;
		struct option_list trusted_proxies;
		char *proxy_header;
		struct option_list cors_origins;
		char *tls_certificate;
		char *tls_key;
		int64_t idle_timeout_us;
		int64_t token_lifetime_us;
		char *registration;
		int64_t invitation_lifetime_us;
		int64_t logins_per_minute;
		int64_t registrations_per_minute;
		int64_t writes_per_minute;
		int64_t reads_per_minute;
		int64_t bad_tokens_per_minute;
		int64_t pushes_per_minute;
		int64_t insights_per_minute;
		int64_t query_workers;
	} http;
	struct {
		char *url;
		char *model;
		char *key; /* also when it came from key_file */
		char *key_file;
		int64_t timeout_us;
		int64_t open_max;
		int64_t tokens_max;
		int64_t daily_max;
	} explain;
	struct {
		int64_t time_us;
		int64_t memory_bytes;
		int64_t cache_bytes;
		int64_t block_cache_bytes;
		int64_t kept_answers_bytes;
		int64_t tail_listeners;
		int64_t tail_time_us;
		int64_t backtests;
		int64_t backtest_time_us;
		int64_t backtest_events;
		int64_t tail_recheck_us;
	} query;
	struct {
		char *url;
		char *url_file;
		char *embedded_user;
		int64_t connections_max;
		int64_t pending_max;
		int64_t query_timeout_us;
	} database;
	struct {
		int64_t events_max;
		int64_t bytes_max;
		int64_t age_us;
		int64_t age_behind_us;
		int64_t queue_bytes;
		int64_t zstd_level;
	} batch;
	struct {
		int64_t bytes_max;
		int64_t lines_max;
		int64_t close_after_us;
		int64_t zone_offset_minutes;
	} record;
	struct {
		int64_t templates_max;
		int64_t buckets_max;
		int64_t memory_bytes_max;
		int64_t shapes_bytes;
	} grouping;
	struct {
		int64_t partitions;
		int64_t segment_bytes;
		int64_t bytes_max;
		int64_t frame_bytes_max;
		int64_t sync_delay_us;
	} spool;
	struct {
		int64_t length_max;
		int64_t bytes_max;
		int64_t count_max;
		int64_t project_bytes_max;
		int64_t project_count_max;
		int64_t lifetime_us;
	} uploads;
	struct {
		int64_t interval_us;
		int64_t rows_max;
		int64_t blocks_max;
	} upkeep;
	struct {
		int64_t small_events;
		int64_t blocks_min;
		int64_t merges_max;
		int64_t zstd_level;
	} compact;
	struct {
		int64_t age_us;
		int64_t bytes_max;
		int64_t counts_us;
		int64_t audit_us;
		int64_t windows_us;
		int64_t positions_us;
	} retention;
	struct {
		int64_t hours_after_us;
		int64_t days_after_us;
		int64_t interval_us;
	} rollup;
	struct {
		int64_t lateness_us;
	} windows;
	struct {
		int64_t interval_us;
		int64_t timeout_us;
		int64_t attempts_max;
		int64_t outbox_max;
		int64_t age_us;
		int64_t kept_us;
		int64_t episodes_max;
		char *public_url;
		struct option_list kafka_brokers;
		struct option_list kafka_topics;
		struct option_map kafka_properties;
		bool allow_link_local;
		char *private_networks;
		char *key_file;
	} notify;
	struct source_config *sources;
	size_t sources_count;
};

/* path NULL: all defaults, no sources. An error begins with file:line:column */
MUST_CHECK int config_load(const char *path, struct config **out, struct error *error);
void config_free(struct config **config);
/* what a kafka source's options say; borrows; without the ids */
struct kafka_config config_kafka(const struct source_config *source);
/* where a syslog source listens; borrows */
struct syslog_address config_syslog_address(const struct source_config *source);
/* its TLS; cert_file NULL: none; borrows */
struct syslog_tls_config config_syslog_tls(const struct source_config *source);
/* the example file: every option with its default and its help */
void config_describe(struct buf *out);

#endif
