/* upload_parts.h - a file sent in parts by the tus protocol, as often as it takes
 *
 * Threads: the caller's, which waits.
 * Limits: UPLOAD_PART_BYTES in memory; UPLOAD_TRIES failures in a row, with pauses of
 * at most UPLOAD_PAUSE_S between them: then it gives up, and can be taken up again
 *         where it stands.
 */
#ifndef SIFTD_DAEMON_UPLOAD_PARTS_H
#define SIFTD_DAEMON_UPLOAD_PARTS_H

#include <stdbool.h>

#include "daemon/http_ask.h"

#define UPLOAD_PART_BYTES ((size_t)8 << 20)
#define UPLOAD_TRIES 20
#define UPLOAD_PAUSE_S 30

struct upload_parts {
	struct http_ask *ask;
	int fd;
	int64_t length;
	const char *uploads; /* path below /api/v1: .../ingestions/5/uploads */
	const char *id;      /* of the upload, NULL: it begins */
	bool shows_progress; /* on standard error */
	char made_id[40];    /* of one that began here */
};

/* tells the id as soon as it is known: is called with it before the first part goes */
typedef void upload_begun_fn(void *context, const char *id);

MUST_CHECK int upload_parts_send(struct upload_parts *parts, upload_begun_fn *begun,
				 void *context, struct error *error);

#endif
