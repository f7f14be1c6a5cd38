/* kafka_out.h - messages to topics, by one idempotent producer
 *
 * Threads: the loop thread only; librdkafka has threads of its own behind it.
 * Owner: kafka_out_free ends open calls without their callbacks. What a send points at
 *        is copied; what the configuration points at is borrowed until then.
 * Limits: KAFKA_OUT_CALLS_MAX sends under way; librdkafka holds at most
 *         queue.buffering.max.kbytes of them; timeout_ms from the send to the end.
 *
 * A message is done when all replicas in sync have it (acks=all); what librdkafka
 * sends again itself is not written twice (enable.idempotence). Brokers and properties
 * are the operator's; topics are named by others, so they must be listed as well.
 */
#ifndef SIFTD_SINKS_KAFKA_OUT_H
#define SIFTD_SINKS_KAFKA_OUT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

#define KAFKA_OUT_CALLS_MAX 8

struct kafka_out;

struct kafka_out_config {
	const char *const *brokers; /* host:port; none: nothing can be sent */
	size_t brokers_count;
	const char *const *topics; /* a name, or a POSIX extended regular expression
				      that begins with ^ */
	size_t topics_count;
	/* librdkafka's own; NAME_file: the value is what the file holds */
	const char *const *property_names;
	const char *const *property_values;
	size_t properties_count;
	unsigned timeout_ms;
};

struct kafka_out_result {
	bool well;         /* all messages are written */
	bool again;        /* it may go better later */
	const char *error; /* until the callback returns */
};

/* is called once, never from inside kafka_out_send */
typedef void kafka_out_fn(void *context, const struct kafka_out_result *result);

struct kafka_out_request {
	struct slice topic;
	struct slice lines; /* a message each: KEY, a tab, the value, a line feed */
	kafka_out_fn *done;
	void *context;
};

/* whether librdkafka and the patterns are right; connects to nobody */
MUST_CHECK int kafka_out_check(const struct kafka_out_config *config,
			       struct error *error);
MUST_CHECK int kafka_out_new(struct event_base *base,
			     const struct kafka_out_config *config,
			     struct kafka_out **out, struct error *error);
void kafka_out_free(struct kafka_out **out);
/* -1: nothing is under way, and done is not called; *again says whether it may go
 * better later */
MUST_CHECK int kafka_out_send(struct kafka_out *out,
			      const struct kafka_out_request *request, bool *again,
			      struct error *error);

#endif
