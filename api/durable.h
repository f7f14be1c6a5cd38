/* durable.h - lines that came by HTTP: into the spool, counted, and only then answered
 *
 * States: spooling (not to be cancelled: the bytes may be durable already) -> counting
 * (the ingestion's row) -> done.
 *
 * A client does not wait longer than DURABLE_WAIT_S for a disk that fails: it is told
 * DURABLE_SLOW, and the rest goes on without it. Once the bytes are durable the answer
 * is DURABLE_OK, even when the database cannot count them now: a client that was told
 * otherwise would send them twice.
 *
 * Threads: the loop thread only.
 * Owner: the text is copied; or, when `owned` is given, taken over by setting its
 *        release to NULL.
 */
#ifndef SIFTD_API_DURABLE_H
#define SIFTD_API_DURABLE_H

#include <stdint.h>

#include "api/push_once.h"
#include "api/request.h"
#include "sources/http_tally.h"
#include "sources/spool.h"

#define DURABLE_WAIT_S 10

enum durable_status {
	DURABLE_OK,
	DURABLE_NO_SPOOL,
	DURABLE_FULL, /* nothing was taken; as for the one before */
	DURABLE_SLOW, /* may still be stored */
	DURABLE_LOST
};

struct durable_lines {
	struct slice text;
	struct spool_owned *owned;
	int64_t count;
	int64_t bytes; /* without line ends */
	/* the answer comes first, and the counting after it */
	bool count_later;
	/* of a push that may be sent again: kept with the counting, which then comes
	 * first; ended in once */
	bool has_hash;
	struct token_hash hash;
	struct push_once *once;
	int64_t rejected;
	enum http_way way; /* whose counters it goes to */
};

/* is called once with how it ended, and answers the request; never when the client has
 * gone. lines->text is no longer there */
typedef void durable_done_fn(struct request *request, enum durable_status status,
			     const struct durable_lines *lines);

/* into request->caller's project and ingestion; done may be called at once */
void durable_append(struct request *request, const struct durable_lines *lines,
		    durable_done_fn *done);
/* what to tell a person; not of DURABLE_OK */
const char *durable_detail(enum durable_status status);

#endif
