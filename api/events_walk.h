/* events_walk.h - goes through the blocks of a scope in the order of a filter, and
 * collects what it wants
 *
 * Threads: the loop thread; blocks are decoded by the query workers.
 * Owner: a walk frees itself after its callback, or after events_walk_cancel (as soon
 * as no worker uses it any more). The filter is copied; the page is handed over.
 * Limits: a walk ends at its deadline, with what it found; of the memory of a query it
 *         takes a sixteenth for bodies and an eighth for the page's raw bytes. A single
 *         body of more than a quarter ends it with EVENTS_TOO_LARGE.
 *
 * A step probes some blocks (by their words when the filter has a text, else by their
 * columns), then reads the bodies of those that may hold a match, some at a time.
 */
#ifndef SIFTD_API_EVENTS_WALK_H
#define SIFTD_API_EVENTS_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "api/events.h"
#include "api/scan.h"

struct events_walk;

struct events_walk_config {
	struct events_deps deps;
	struct events_scope scope;
	const struct event_filter *filter; /* copied */
	size_t count_max;                  /* of the page */
	bool count;             /* what is found is counted instead of kept */
	int64_t count_width_us; /* as event_tally.width_us */
	int64_t deadline_us;    /* monotonic */
};

struct events_walk_result {
	enum events_status status; /* not EVENTS_NOT_FOUND */
	struct error error;
	struct scan_page page;    /* the receiver's to deinit, also after an error */
	struct event_tally tally; /* as well */
	bool exhausted;           /* there are no further blocks */
	/* where to go on, in the sense of event_filter.behind, if not exhausted */
	bool has_behind;
	int64_t behind;
	unsigned damaged; /* blocks that could not be read, and were passed over */
};

/* is called once, never from inside events_walk_start */
typedef void events_walk_fn(void *context, struct events_walk_result *result);

struct events_walk *events_walk_start(const struct events_walk_config *config,
				      events_walk_fn *done, void *context);
/* the callback will not be called */
void events_walk_cancel(struct events_walk **walk);

/* what an error of the database means for the answer */
enum events_status events_status_of(const struct pg_error *error);

#endif
