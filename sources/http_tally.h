/* http_tally.h - what came by HTTP, by project: the counters of sources that no
 * configuration names
 *
 * Pushes and uploads go through the spool or the uploads source together; to people,
 * those of a project are a source of their own. What was committed of an ingestion is
 * counted for the row that last received for it.
 *
 * Threads: the loop thread only; the time is passed in. Owner: http_tally_free.
 * Limits: HTTP_TALLY_ROWS rows: when they are used up, the one that was silent longest
 *         begins again with another project. HTTP_TALLY_INGESTIONS ingestions are
 *         remembered; beyond that all are forgotten, until they receive again.
 */
#ifndef SIFTD_SOURCES_HTTP_TALLY_H
#define SIFTD_SOURCES_HTTP_TALLY_H

#include <stdint.h>

#include "base/compiler.h"

#define HTTP_TALLY_ROWS 1024
#define HTTP_TALLY_INGESTIONS 65536

enum http_way { HTTP_WAY_PUSH, HTTP_WAY_UPLOAD, HTTP_WAYS };

struct http_sums {
	uint64_t received_bytes;
	uint64_t received_records; /* lines of uploads and pastes */
	uint64_t stored_records;
	uint64_t errors; /* requests refused for a reason of ours, as a full spool */
};

struct http_origin {
	int64_t project_id;
	int64_t ingestion_id;
	enum http_way way;
};

/* of the last minute, and since the daemon started */
struct http_counts {
	struct http_sums minute;
	struct http_sums total;
};

struct http_tally;

struct http_tally *http_tally_new(void);
void http_tally_free(struct http_tally **tally);
/* "push", "upload" */
const char *http_way_name(enum http_way way);
/* the ingestion may be 0 */
void http_tally_receive(struct http_tally *tally, const struct http_origin *origin,
			uint64_t bytes, uint64_t records, int64_t now_us);
void http_tally_fail(struct http_tally *tally, const struct http_origin *origin,
		     int64_t now_us);
/* a flush committed so many records of the ingestion; of one that is not known:
 * nothing */
void http_tally_store(struct http_tally *tally, int64_t ingestion_id, uint64_t records,
		      int64_t now_us);
/* zeros if there is no row */
struct http_counts http_tally_read(const struct http_tally *tally, int64_t project_id,
				   enum http_way way, int64_t now_us);

#endif
