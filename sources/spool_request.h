/* spool_request.h - one append: its frames, and who waits for them
 *
 * Threads: one owner at a time; it goes from the loop to the writer and back.
 * Owner: spool_request_free frees; spool_request_release gives back the bytes earlier,
 *        on the thread that used them last. Limits: the caller's.
 *
 * Small appends are copied, headers and payloads in one run of bytes. A large one is
 * owned: its headers alone are made, its payload stays where it lies until it is
 * written.
 */
#ifndef SIFTD_SOURCES_SPOOL_REQUEST_H
#define SIFTD_SOURCES_SPOOL_REQUEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/error.h"
#include "sources/spool.h"

#define SPOOL_VECTORS_MAX 2

struct spool_request {
	struct spool_request *next;
	size_t partition;
	size_t len;   /* of all frames */
	char *frames; /* not sealed; the headers alone if it is owned */
	size_t frames_len;
	struct slice payload; /* of all frames, if it is owned */
	struct spool_owned owned;
	spool_done_fn *done;
	void *context;
	struct error *error; /* NULL: durable */
};

/* where the writing of a request has got to */
struct spool_cursor {
	const struct spool_request *request;
	size_t frames_at;
	size_t payload_at;
};

/* how many bytes the entries become */
size_t spool_request_len(const struct spool_entry *entries, size_t count,
			 size_t frame_bytes_max);
struct spool_request *spool_request_new(const struct spool_entry *entries, size_t count,
					size_t frame_bytes_max);
struct spool_request *spool_request_new_owned(const struct spool_entry *entry,
					      const struct spool_owned *owned,
					      size_t frame_bytes_max);
/* seals what comes next for that offset of the log; returns how many vectors it has,
 * 0 at the end. A request may be gone through again, for another offset */
size_t spool_request_next(struct spool_cursor *cursor, uint64_t offset,
			  struct iovec out[SPOOL_VECTORS_MAX]);
void spool_request_release(struct spool_request *request);
void spool_request_free(struct spool_request **request);

#endif
