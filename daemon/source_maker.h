/* source_maker.h - a configured source becomes an object
 *
 * The one place that knows which kind of the configuration is which module of sources/:
 * a new kind of input gets its case here. Called on the loop's thread before anything
 * runs; each call looks the source's ingestion up in PostgreSQL, and creates it when it
 * is absent.
 */
#ifndef SIFTD_DAEMON_SOURCE_MAKER_H
#define SIFTD_DAEMON_SOURCE_MAKER_H

struct error;
struct event_base;
struct source;
struct source_config;
struct spool;
struct store;

/* what sources stand on; all is borrowed, and must live longer than what is made */
struct source_maker {
	struct event_base *base;
	struct store *store;
	/* of sources that cannot be read again */
	struct spool *spool;
	/* whose files these are */
	const char *host_id;
};

/* Makes a source that waits to be started; `*out` is the caller's, to be freed by its
 * ops. -1 with an error (without the source's name) when its settings, its ingestion or
 * its certificates are at fault.
 */
int source_make(const struct source_maker *maker, const struct source_config *config,
		struct source **out, struct error *error);

#endif
