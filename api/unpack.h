/* unpack.h - finds the file in an upload's body and makes it plain, on a query worker
 *
 * Threads: the loop thread only; the work runs on a worker.
 * Owner: the body is taken over, whatever happens; an unpack ends itself after its
 *        callback, or after unpack_cancel. The callback may take answer->owned, in
 *        which the plain bytes lie, by setting its release to NULL.
 * Limits: bytes_max of decompressed bytes; the answer is then UNPACK_TOO_LARGE.
 */
#ifndef SIFTD_API_UNPACK_H
#define SIFTD_API_UNPACK_H

#include "api/query_workers.h"
#include "base/error.h"
#include "base/slice.h"
#include "sources/spool.h"

struct evbuffer;
struct unpack;

enum unpack_status { UNPACK_OK, UNPACK_MALFORMED, UNPACK_CORRUPT, UNPACK_TOO_LARGE };

struct unpack_answer {
	enum unpack_status status;
	struct slice plain; /* of UNPACK_OK */
	struct spool_owned owned;
	int64_t lines;
	int64_t bytes;      /* without line ends */
	struct error error; /* of UNPACK_MALFORMED and UNPACK_CORRUPT */
};

/* is called once, on the loop */
typedef void unpack_done_fn(void *context, struct unpack_answer *answer);

struct unpack_source {
	struct evbuffer *body;
	struct slice boundary; /* of a multipart body; ptr NULL: the body is the file */
	size_t bytes_max;
};

/* NULL when the workers have too much to do */
struct unpack *unpack_start(struct query_workers *workers,
			    const struct unpack_source *source, unpack_done_fn *done,
			    void *context);
/* no callback */
void unpack_cancel(struct unpack *unpack);
/* counts lines, and bytes that are no line ends */
void unpack_measure(struct slice text, int64_t *lines, int64_t *bytes);

#endif
