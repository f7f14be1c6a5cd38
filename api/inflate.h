/* inflate.h - makes a compressed upload plain, on a query worker
 *
 * Threads: the loop thread only; the work runs on a worker.
 * Owner: the compressed bytes are copied, since their connection may go away; an
 * inflate ends itself after its callback, or after inflate_cancel. The plain bytes are
 *        valid during the callback only.
 * Limits: bytes_max of plain bytes; the answer is then INFLATE_TOO_LARGE.
 */
#ifndef SIFTD_API_INFLATE_H
#define SIFTD_API_INFLATE_H

#include "api/query_workers.h"
#include "base/error.h"
#include "base/slice.h"

struct inflate;

enum inflate_status { INFLATE_OK, INFLATE_CORRUPT, INFLATE_TOO_LARGE };

struct inflate_answer {
	enum inflate_status status;
	struct slice plain; /* of INFLATE_OK */
	struct error error; /* of INFLATE_CORRUPT */
};

/* is called once, on the loop */
typedef void inflate_done_fn(void *context, const struct inflate_answer *answer);

/* NULL when the workers have too much to do */
struct inflate *inflate_start(struct query_workers *workers, struct slice compressed,
			      size_t bytes_max, inflate_done_fn *done, void *context);
/* no callback */
void inflate_cancel(struct inflate *inflate);

#endif
