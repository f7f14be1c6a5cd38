/* pushed.h - records that were pushed as fields: written as one line of JSON each, and
 * read back
 *
 *   {"siftd.push":1,"time":US,"seen":US,"level":"ERROR","service":"..","host":"..",
 *    "attributes":{"name":"text",..},"body":".."}
 *
 * Shippers send records whose time, level and origin stand beside the text. The spool
 * keeps bytes of lines, so such a record becomes a line, and replaying the spool gives
 * the same record. The record's raw bytes are its body: they are parsed like a line
 * from a file, then what was stated takes the place of what was found. The attributes
 * become the record's extra (extra.h). All members but the first and the body may be
 * absent.
 *
 * Threads: any; pure.
 * Owner: what is read borrows from the line or from the scratch arena.
 */
#ifndef SIFTD_PIPELINE_PUSHED_H
#define SIFTD_PIPELINE_PUSHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "pipeline/record.h"

struct pushed {
	int64_t timestamp_us; /* TIMESTAMP_NONE: none was stated, as for the next */
	int64_t seen_us;      /* stands for the time when the body shows none either */
	enum severity severity;
	struct slice service_name; /* empty: none was stated */
	struct slice host_name;
	struct slice attributes; /* an object of texts as JSON, or empty */
	struct slice body;
};

/* false: the line is no such record */
bool pushed_read(struct slice line, struct arena *scratch, struct pushed *out);
/* what was stated, into a record whose body was parsed */
void pushed_apply(const struct pushed *pushed, struct arena *scratch,
		  struct record *record);
/* the members of a JSON object, such as record->extra, as attributes of the record */
void pushed_add_attributes(struct slice object, struct arena *scratch,
			   struct record *record);
/* the line with its end; attributes is JSON already */
void pushed_write(const struct pushed *pushed, struct buf *out);

#endif
