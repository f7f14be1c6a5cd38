/* notify.h - tells channels of findings: takes words from the outbox and posts them
 *
 * Threads: the loop thread only. Owner: notify_free; words that were taken and not yet
 *          answered are taken again when their lease ends.
 * Limits: NOTIFY_SLOTS messages under way, NOTIFY_WORDS_MAX words in a message; a
 *         channel's own rate; attempts_max attempts. Everything is counted, per channel
 *         in the database as well.
 *
 *	turn: what time brings (siftd.notify_tick) -> slots
 *	slot: IDLE -> CLAIMING -> POSTING -> FINISHING -> CLAIMING ... nothing due ->
 *IDLE
 *
 * Secrets (of channels, and the paths of their URLs) are in no log line and no error.
 */
#ifndef SIFTD_SINKS_NOTIFY_H
#define SIFTD_SINKS_NOTIFY_H

#include <event2/event.h>

#include "base/buf.h"
#include "base/error.h"
#include "sinks/kafka_out.h"

#define NOTIFY_SLOTS 4
#define NOTIFY_WORDS_MAX 50

struct keyring;
struct notify;
struct pg_pool;

struct notify_config {
	int64_t interval_us;   /* between two turns */
	int64_t timeout_us;    /* of one message */
	unsigned attempts_max; /* then a word is given up */
	unsigned outbox_max; /* words that wait for one channel; further are dropped */
	unsigned kept_days;  /* words that were told, for GET .../channels */
	const char *public_url; /* of the web page, for links; "" for none; copied */
	bool allow_link_local;  /* see http_client.h */
	bool allow_private;
	const struct keyring *keyring; /* that channels are sealed under; borrowed */
	const char *version;
	struct kafka_out_config kafka; /* its strings outlive the notifier */
};

MUST_CHECK int notify_new(struct event_base *base, struct pg_pool *pool,
			  const struct notify_config *config, struct notify **out,
			  struct error *error);
void notify_free(struct notify **notify);
/* counters in the Prometheus text format */
void notify_write_metrics(const struct notify *notify, struct buf *out);

#endif
