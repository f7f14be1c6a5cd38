/* pg_listen.h - hears what other daemons NOTIFY
 *
 * Threads: the loop thread only. Owner: pg_listen_free.
 * Limits: a connection of its own. What was said while it was lost is not repeated: the
 *         callback is called at each new connection as well, and whoever must know in
 *         time asks now and then besides.
 */
#ifndef SIFTD_SINKS_PG_LISTEN_H
#define SIFTD_SINKS_PG_LISTEN_H

#include <event2/event.h>

struct pg_listen;

/* is called when something may be new */
typedef void pg_heard_fn(void *context);

/* the channel is an SQL identifier */
struct pg_listen *pg_listen_new(struct event_base *base, const char *conninfo,
				const char *channel, pg_heard_fn *heard, void *context);
void pg_listen_free(struct pg_listen **listen);

#endif
