/* context.h - what every handler may use: configuration and the parts of the daemon
 *
 * Threads: the loop thread only. Owner: api.c.
 */
#ifndef SIFTD_API_CONTEXT_H
#define SIFTD_API_CONTEXT_H

#include <stdbool.h>

#include "api/api.h"

struct cors;
struct events_stats;
struct insights;
struct limiter;
struct passwords;
struct http_conn_stats;
struct kept_answers;
struct key_memory;
struct push_once;
struct push_stats;
struct request_stats;
struct source_rates;
struct tail_guard;
struct tails;

struct api_context {
	struct api_config config;
	struct api_deps deps;
	struct insights *insights;
	struct limiter *limiter;
	struct passwords *passwords;
	struct tails *tails;
	struct tail_guard *tail_guard;
	struct cors *cors;
	struct source_rates *source_rates;
	const struct request_stats *stats;
	const struct http_conn_stats *conn_stats;
	struct events_stats *events_stats;
	struct push_stats *push_stats;
	struct push_once *push_once;
	struct key_memory *key_memory;
	struct kept_answers *kept_answers;
	unsigned backtests; /* that run */
	bool ready;         /* the first admin is there, so that somebody can log in */
	uint64_t limiter_seed; /* so that nobody can choose keys that share a place */
};

#endif
