/* tails.h - those who watch events come: whoever asks the same shares one search
 *
 * Threads: the loop thread only.
 * Owner: tails_free ends all; a listener is its maker's until tail_close, or until
 *`ended` was called. Scope and filter are copied. Limits: listeners_max;
 *TAILS_QUERIES_MAX searches at a time; TAIL_KEPT_BYTES of frames are kept for those of
 *a feed that take them slowly.
 *
 * While anybody listens, the projects' last seqs are asked for every interval: that
 *tells of commits of all daemons on the database. A feed is a scope, a filter and the
 *seq up to which it has read; its listeners get the same frames. It reads on when one
 *of them waits, so a slow listener holds nobody up: it is ended once frames that it has
 *not had are given up, and comes again with the id of the last frame that it got. Then
 *it has a feed of its own until that one stands where the other stands.
 *
 *	tail_open -> frames -> tail_next -> frames -> tail_next ... -> tail_close or
 *ended
 */
#ifndef SIFTD_API_TAILS_H
#define SIFTD_API_TAILS_H

#include <stdint.h>

#include "api/events.h"

#define TAILS_QUERIES_MAX 4
#define TAIL_KEPT_BYTES ((size_t)1 << 20)
#define TAIL_PAGE_EVENTS 200

struct event_base;
struct tail;
struct tails;

struct tails_config {
	struct event_base *base;
	struct events_deps deps;
	unsigned listeners_max;
	int64_t interval_us;
	int64_t heartbeat_us; /* a listener hears something at least this often */
};

struct tails_stats {
	uint64_t listeners;     /* now */
	uint64_t feeds;         /* now */
	uint64_t opened;        /* in all */
	uint64_t refused;       /* there were listeners_max */
	uint64_t fallen_behind; /* ended, since they took too long */
};

/* why a listener is ended */
enum tail_end { TAIL_FELL_BEHIND, TAIL_FAILED, TAIL_STOPPED };

struct tail_callbacks {
	/* frames of text/event-stream; after it none come until tail_next */
	void (*frames)(void *context, struct slice frames);
	/* the tail is gone. answer: of TAIL_FAILED, else NULL */
	void (*ended)(void *context, enum tail_end why,
		      const struct events_answer *answer);
	void *context;
};

struct tail_wish {
	struct events_scope scope;
	const struct event_filter *filter; /* its order, limit and form do not count */
	struct slice text; /* the same for the same filter: the query string */
	int64_t behind;    /* only seqs above */
};

struct tails *tails_new(const struct tails_config *config);
/* calls ended for all, and takes nobody any more */
void tails_end(struct tails *tails);
/* as tails_end does, and frees */
void tails_free(struct tails **tails);
const struct tails_stats *tails_stats(const struct tails *tails);

/* NULL: there are too many. No callback comes from inside. */
struct tail *tail_open(struct tails *tails, const struct tail_wish *wish,
		       const struct tail_callbacks *callbacks);
/* what came last was taken: asks for more. Frames may come from inside. */
void tail_next(struct tail *tail);
/* no further callback; sets *tail to NULL, which it may be already */
void tail_close(struct tail **tail);

#endif
