/* events_sql.h - the statements of an event query
 *
 * Threads: any; pure.
 * Owner: events_sql_deinit frees text and parameters, which pg_query has copied.
 * Limits: EVENTS_SQL_PARAMS_MAX parameters (asserted: our own bug).
 *
 * All answers are asked for in binary form; events_sql_int reads their numbers.
 */
#ifndef SIFTD_API_EVENTS_SQL_H
#define SIFTD_API_EVENTS_SQL_H

#include <stddef.h>
#include <stdint.h>

#include "api/event_filter.h"
#include "base/arena.h"
#include "base/buf.h"
#include "sinks/pg_pool.h"

#define EVENTS_SQL_PARAMS_MAX 12

struct events_sql {
	struct buf text;
	struct arena arena;
	struct pg_param params[EVENTS_SQL_PARAMS_MAX];
	size_t params_count;
};

/* which blocks a statement may give, beside what the filter says */
struct events_sql_scope {
	int64_t project_id;
	int64_t ingestion_id; /* 0: all */
};

/* a block whose body is wanted: bytes len from offset on */
struct events_sql_part {
	int64_t first_seq;
	uint32_t count; /* another count: another block took its place */
	bool rare;      /* of events_sql_metas: its rare events are wanted */
	struct slice day;
	size_t offset;
	size_t len;
};

/* what events_sql_blocks gives */
enum {
	BLOCKS_FIRST_SEQ,
	BLOCKS_INGESTION_ID,
	BLOCKS_COUNT,
	BLOCKS_DAY,
	BLOCKS_BODY_LEN,
	/* of several ingestions: text, "id:events id:events ..." in their order; 0 for
	 * an ingestion that is gone */
	BLOCKS_RUNS
};

/* what events_sql_words gives, in any order; a block may be gone */
enum { WORDS_FIRST_SEQ, WORDS_WORDS };

/* what events_sql_metas gives, likewise; rare events may be NULL */
enum { METAS_FIRST_SEQ, METAS_BYTES };

/* what events_sql_parts gives, in any order; a block may be gone */
enum {
	PARTS_FIRST_SEQ,
	/* empty unless it is asked for */
	PARTS_META,
	PARTS_BYTES
};

/* what events_sql_keys gives */
enum { KEYS_KEY, KEYS_GROUP, KEYS_EVENTS, KEYS_AMONG };

/* what events_sql_groups gives */
enum { GROUPS_KEY, GROUPS_ID };

void events_sql_deinit(struct events_sql *sql);

/* whether the rare events of blocks are looked into first for this filter */
bool events_sql_by_rare(const struct event_filter *filter);
/* the next `limit` blocks, in the filter's order, that may hold what it wants */
void events_sql_blocks(struct events_sql *sql, const struct events_sql_scope *scope,
		       const struct event_filter *filter, size_t limit);
/* with_meta: meta and the whole body, whatever offset and len say */
void events_sql_parts(struct events_sql *sql, int64_t project_id,
		      const struct events_sql_part *parts, size_t count,
		      bool with_meta);
void events_sql_words(struct events_sql *sql, int64_t project_id,
		      const struct events_sql_part *parts, size_t count);
void events_sql_metas(struct events_sql *sql, int64_t project_id,
		      const struct events_sql_part *parts, size_t count);
/* the template keys of the filter's group, which of them is whose, and, the same in all
 * rows, about how many events they have (0 or NULL: not known) among how many */
void events_sql_keys(struct events_sql *sql, int64_t project_id,
		     const struct event_filter *filter);
void events_sql_groups(struct events_sql *sql, int64_t project_id, const uint64_t *keys,
		       size_t count);

/* an int2, int4 or int8 of a binary answer; 0 for NULL */
int64_t events_sql_int(const struct pg_rows *rows, size_t row, size_t column);

#endif
