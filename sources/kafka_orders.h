/* kafka_orders.h - what the loop tells a Kafka source's thread
 *
 * Threads: all calls from any thread; the `take` calls are for the source's thread.
 * Owner: the source; positions that are given are copied or moved, as each call says.
 */
#ifndef SIFTD_SOURCES_KAFKA_ORDERS_H
#define SIFTD_SOURCES_KAFKA_ORDERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/table.h"
#include "sources/port.h"

/* in this order */
enum kafka_life {
	KAFKA_RUNNING,
	KAFKA_DRAINING, /* nothing new is read; commits still come */
	KAFKA_LEAVING   /* the group, then the thread ends */
};

struct kafka_orders {
	pthread_mutex_t mutex;
	int wake_fd; /* eventfd, readable when something was ordered */
	enum kafka_life life;
	bool has_answer;
	struct stored_positions answer;
	bool rewind;
	struct stored_positions rewind_to;
	struct table committed; /* stream: offset, since the last take */
};

MUST_CHECK int kafka_orders_init(struct kafka_orders *orders, struct error *error);
void kafka_orders_deinit(struct kafka_orders *orders);
void kafka_orders_wake(struct kafka_orders *orders);
/* the thread is awake: the descriptor is to be readable only for what comes now */
void kafka_orders_woken(struct kafka_orders *orders);

void kafka_orders_advance(struct kafka_orders *orders, enum kafka_life life);
enum kafka_life kafka_orders_life(struct kafka_orders *orders);
/* moves the positions */
void kafka_orders_answer(struct kafka_orders *orders,
			 struct stored_positions *positions);
/* copies them */
void kafka_orders_rewind(struct kafka_orders *orders,
			 const struct stored_positions *positions);
void kafka_orders_committed(struct kafka_orders *orders, uint64_t stream,
			    int64_t offset);
/* false: none; else the caller deinits */
bool kafka_orders_take_answer(struct kafka_orders *orders,
			      struct stored_positions *out);
bool kafka_orders_take_rewind(struct kafka_orders *orders,
			      struct stored_positions *out);
/* streams and offsets committed since the last call; the caller deinits */
void kafka_orders_take_committed(struct kafka_orders *orders, struct table *out);

#endif
