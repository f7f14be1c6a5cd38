/* parts.h - configuration to objects: the sources, the spool, the interface
 *
 * Threads: start-up and the loop thread.
 * Owner: parts_free frees all in reverse order; sources were stopped before.
 */
#ifndef SIFTD_DAEMON_PARTS_H
#define SIFTD_DAEMON_PARTS_H

#include "base/error.h"
#include "daemon/host_id.h"
#include "daemon/metrics.h"

struct api;
struct config;
struct event_base;
struct flows;
struct follower;
struct gone_files;
struct lanes;
struct http_tally;
struct learners;
struct pg_pool;
struct positions;
struct query_workers;
struct words_cache;
struct block_cache;
struct rules;
struct rule_shelf;
struct source;
struct spool;
struct uploads;
struct store;
struct upkeep;
struct idle_clock;
struct keyring;
struct notify;

struct parts {
	const struct config *config;
	struct event_base *base;
	int state_dir_fd; /* locked; 0: not yet */
	char host_id[HOST_ID_MAX];
	struct rules *rules;
	struct rule_shelf *rule_shelf;
	struct learners *learners;
	struct store *store;
	struct lanes *lanes;
	struct pg_pool *pool;
	struct query_workers *workers;
	struct words_cache *words;
	struct block_cache *blocks;
	struct spool *spool;
	struct uploads *uploads;
	struct http_tally *tally;
	/* those with positions, the spool's first, then those that feed the spool */
	struct source **sources;
	size_t sources_count;
	size_t positioned_count;
	struct positions *positions;
	struct flows *flows;
	struct upkeep *upkeep;
	struct follower *follower;
	struct gone_files *gone_files;
	struct keyring *keyring;
	struct notify *notify;
	struct idle_clock *idle_clock;
	struct api *api;
	struct metrics_deps metrics;
};

/* makes everything, starts nothing that reads; on an error what was made stays, for
 * parts_free */
MUST_CHECK int parts_make(struct parts *parts, const struct config *config,
			  struct event_base *base, struct error *error);
/* loads positions, then lets chunks flow */
MUST_CHECK int parts_start_sources(struct parts *parts, struct error *error);
void parts_stop_sources(struct parts *parts);
void parts_free(struct parts *parts);

#endif
