/* front.h - from a substream's bytes to parsed records: frame, assemble, parse
 *
 * Threads: a front belongs to one lane. Pure: no I/O, no clock.
 * Owner: front_free frees. A record from front_next borrows from the bytes last fed or
 *        from the front's own buffers, until the next call of front_next, front_feed
 *        or front_finish.
 * Limits: front_config; what a bound costs is counted in front_stats.
 *
 *	front_feed(front, bytes, now);
 *	while (front_next(front, &record, &extent))
 *		...
 *
 * Bytes are lines until front_next says otherwise; feeding any split of the same bytes
 * gives the same records. A line longer than record_bytes_max becomes several records
 *(all bytes are kept). Whole records (syslog frames, messages) go through front_whole
 *instead.
 */
#ifndef SIFTD_PIPELINE_FRONT_H
#define SIFTD_PIPELINE_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "pipeline/record.h"

struct front;
struct shape_cache;

struct front_config {
	size_t record_bytes_max;    /* default 1 MiB */
	size_t record_lines_max;    /* default 10000 */
	int32_t zone_offset_s;      /* of stamps without a zone, seconds east of UTC */
	struct shape_cache *shapes; /* the lane's, which outlives the front; or NULL */
};

/* where a record lay in the substream: byte offsets since its beginning */
struct front_extent {
	uint64_t begin;
	uint64_t end;        /* behind its last line end */
	uint64_t first_line; /* 1-based, counted over the substream */
	uint64_t lines;      /* that it covers, blank ones included */
	bool cut;            /* a bound ended it */
};

struct front_stats {
	uint64_t bytes;
	uint64_t lines;
	uint64_t records;
	uint64_t cut_by_bytes;
	uint64_t cut_by_lines;
	uint64_t closed_by_time;
	uint64_t invalid_utf8;
};

struct front *front_new(const struct front_config *config);
void front_free(struct front **front);
/* now_us: when the bytes were received; the records' observed timestamp, and the year
 * of stamps that lack one. The bytes must stay until front_next returned false. */
void front_feed(struct front *front, struct slice bytes, int64_t now_us);
/* false: nothing complete is left; open bytes are kept inside */
bool front_next(struct front *front, struct record *record,
		struct front_extent *extent);
/* the substream ended: what is open is complete now; call front_next after it */
void front_finish(struct front *front);
/* as front_finish, because no bytes came for a while; counted */
void front_close_by_time(struct front *front);
/* one whole record, no assembly. next: the bytes of the front's next call of this, so
 * that what is known of them is near by then; empty when there is none yet. They must
 * stay where they are until then */
void front_whole(struct front *front, struct slice bytes, struct slice next,
		 int64_t now_us, struct record *record);
/* the byte offset in the substream where the oldest byte not yet given out lies */
uint64_t front_open_offset(const struct front *front);
/* bytes held back; 0: nothing is open */
size_t front_open_bytes(const struct front *front);
const struct front_stats *front_stats(const struct front *front);

/* the stateless parse of one record, for readers of stored events: the same fields as
 * the stream gave, attributes included; unescaped text lies in scratch */
void parse_record(struct slice raw, const struct front_config *config, int64_t now_us,
		  struct arena *scratch, struct record *record);
/* the same of a stored record, with the attributes that a lane's record had, no others:
 * for judging it once more. extra: what was stored beside the bytes, or empty */
void parse_stored(struct slice raw, struct slice extra, int64_t now_us,
		  struct arena *scratch, struct record *record);
/* name of record.format: "json", "syslog5424", "text", ... */
const char *parse_format_name(uint8_t format);

#endif
