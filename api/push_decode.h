/* push_decode.h - what all push protocols share: from a body to lines for the spool
 *
 * Threads: any; pure. A decoder runs on a query worker, or on the loop for a small
 * body. Owner: push_lines_deinit; a decoder borrows the body, and copies what it keeps.
 * Limits: record_bytes_max of one line (what is longer is rejected and counted),
 *         bytes_max of all lines (then PUSH_TOO_LARGE), PUSH_ATTRIBUTES_MAX attributes
 *         of a record (further ones are left out).
 *
 * A protocol is one decoder file and one file with its routes. Records with fields
 * beside their text become lines as pipeline/pushed.h says; plain lines stay as they
 * are.
 */
#ifndef SIFTD_API_PUSH_DECODE_H
#define SIFTD_API_PUSH_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "pipeline/pushed.h"

#define PUSH_ATTRIBUTES_MAX 128

enum push_status {
	PUSH_OK,
	PUSH_MALFORMED, /* nothing is taken; error says why */
	PUSH_TOO_LARGE
};

struct push_input {
	struct slice body;
	bool protobuf;      /* else JSON, or what the protocol has as text */
	struct slice index; /* Elasticsearch: of the path, or empty */
	/* Splunk: of the query string, or empty */
	struct slice host;
	struct slice source;
	struct slice sourcetype;
};

/* what a decoder makes */
struct push_lines {
	struct buf text;
	uint64_t count;
	uint64_t bytes; /* of bodies, without line ends */
	uint64_t rejected;
	struct error rejection; /* why the first of them was */
	struct buf items;       /* Elasticsearch: what became of each item, as JSON */
	struct error error;
	size_t shared_bytes; /* read again for each record: labels, resources */
	size_t bytes_max;
	size_t record_bytes_max;
};

/* is called with all fields of `lines` empty but its bounds */
typedef enum push_status push_decode_fn(const struct push_input *input,
					struct push_lines *lines);

enum push_field { PUSH_SERVICE, PUSH_HOST, PUSH_LEVEL, PUSH_FIELDS };

/* a record in the making; begun anew for each, on one arena */
struct push_record {
	struct pushed fields;
	struct arena *arena;
	struct buf *attributes; /* JSON, open until it is added */
	size_t attributes_count;
	size_t ranks[PUSH_FIELDS]; /* of the labels that filled them; 0: none did */
};

void push_lines_deinit(struct push_lines *lines);
/* attributes is cleared */
void push_record_begin(struct push_record *record, struct arena *arena,
		       struct buf *attributes);
/* an attribute, in the order of calls; keys and values that are empty are left out */
void push_record_attribute(struct push_record *record, struct slice key,
			   struct slice value);
/* a label or attribute that may mean the service, host or level: of several the best
 * name fills the field. It stays an attribute too, but under the very best name */
void push_record_label(struct push_record *record, struct slice key,
		       struct slice value);
/* each member of a JSON object as a label, but null; an empty text has none. false: it
 * is malformed */
MUST_CHECK bool push_record_labels(struct push_record *record, struct slice object);
/* false: it was too long, and rejected */
bool push_lines_add(struct push_lines *lines, struct push_record *record);
/* a line that is stored as it is, without its end; false as above. Line ends inside,
 * which JSON allows between its parts, become blanks */
bool push_lines_add_plain(struct push_lines *lines, struct slice line);
/* as for a line that is too long, for another reason */
void push_lines_reject(struct push_lines *lines, const char *why);
/* what many records share is read for each of them, and bounded together by bytes_max:
 * else a body of long labels and short entries would cost their product */
void push_lines_share(struct push_lines *lines, struct slice shared);
/* no more lines fit: the decoder returns PUSH_TOO_LARGE */
bool push_lines_full(const struct push_lines *lines);
/* sets lines->error; returns PUSH_MALFORMED */
enum push_status push_malformed(struct push_lines *lines, const char *why);
/* decimal digits of nanoseconds since the epoch; TIMESTAMP_NONE when they are none, or
 * zero */
int64_t push_time_of_ns(struct slice digits);

#endif
