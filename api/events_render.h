/* events_render.h - found events as JSON
 *
 * Threads: one query worker at a time; pure.
 * Owner: nothing is kept; the text is appended to a buffer of the caller's.
 */
#ifndef SIFTD_API_EVENTS_RENDER_H
#define SIFTD_API_EVENTS_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "api/scan.h"
#include "base/buf.h"
#include "base/table.h"
#include "pipeline/record.h"

struct events_rendering {
	const struct scan_hit *hits;
	size_t count;
	const struct table *groups; /* template key -> id of its group */
	bool with_raw;
	unsigned damaged; /* blocks that could not be read; said when there are any */
	/* of a page only */
	bool has_more;
	const char *next_cursor; /* NULL: null */
};

/* parses raw again, as it was parsed when it came */
void events_parse_hit(const struct scan_hit *hit, struct arena *scratch,
		      struct record *record);
/* {"items": [...], "next_cursor": ..., "has_more": ...} */
void events_render_page(const struct events_rendering *rendering, struct buf *out);
/* {"items": [...]} */
void events_render_list(const struct events_rendering *rendering, struct buf *out);
/* each item in a line of its own */
void events_render_lines(const struct events_rendering *rendering, struct buf *out);
/* each item a message of text/event-stream (HTML Living Standard, server-sent events),
 * whose id is its seq */
void events_render_stream(const struct events_rendering *rendering, struct buf *out);
/* RFC 4180; the columns are those of the header */
void events_render_csv(const struct events_rendering *rendering, struct buf *out);
void events_render_csv_header(struct buf *out);
/* the first hit with all there is about it */
void events_render_one(const struct events_rendering *rendering, struct buf *out);

#endif
