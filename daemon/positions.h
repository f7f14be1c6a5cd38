/* positions.h - answers sources that ask for their stored positions while they run
 *
 * Threads: positions_ask from any thread, all else on the loop.
 * Owner: positions_free frees; sources and pool belong to the caller and outlive it.
 * Limits: one question of a source at a time; asking again before the answer is the
 *         same question. When the database does not answer it is asked again, for ever.
 */
#ifndef SIFTD_DAEMON_POSITIONS_H
#define SIFTD_DAEMON_POSITIONS_H

#include <event2/event.h>

#include "sinks/pg_pool.h"
#include "sources/port.h"

struct positions;

/* all sources have their host_id */
struct positions *positions_new(struct event_base *base, struct pg_pool *pool,
				struct source **sources, size_t count);
void positions_free(struct positions **positions);
/* is the `ask` of struct source_positions; context is the struct positions */
void positions_ask(void *context, struct source *source);
/* reads where the streams of the source stand */
struct pg_query *positions_query(struct pg_pool *pool, const struct source *source,
				 pg_query_fn *done, void *context);

#endif
