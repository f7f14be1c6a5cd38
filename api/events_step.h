/* events_step.h - the blocks of one step of a walk: which may hold what is wanted, and
 * what they hold
 *
 * Threads: the loop and one query worker, by turns.
 * Owner: events_step_clear frees what a step holds; filter, matcher, cache and page are
 *        borrowed. The filter must not change while a step holds blocks, except by
 *        moving `behind` on.
 * Limits: STEP_BLOCKS_MAX blocks; the walk bounds the bytes.
 *
 *	take_blocks -> test -> [unknown words or metas: take_words or take_metas ->
 *test]
 *	-> [choose -> take_parts -> read] until all are dealt with
 *
 * What was opened for a filter without a text is kept for others (block_cache.h), so
 * that only what is not there has to be fetched. A filter by template keys looks into
 * the rare events of a block (block_extract.h) first, and needs meta only where its
 * templates are frequent.
 */
#ifndef SIFTD_API_EVENTS_STEP_H
#define SIFTD_API_EVENTS_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "api/block_cache.h"
#include "api/event_filter.h"
#include "api/event_matcher.h"
#include "api/events_sql.h"
#include "api/query_workers.h"
#include "api/scan.h"
#include "api/words_cache.h"

#define STEP_BLOCKS_MAX 1024
/* of one statement */
#define STEP_PARTS_MAX 256
/* meta is about 75 KB, a decoded one 0.6 MB */
#define STEP_METAS_MAX 32

/* what must be fetched before its columns can be tested */
enum step_lacks { STEP_LACKS_NOTHING, STEP_LACKS_RARE, STEP_LACKS_META };

struct step_block {
	struct scan_block place;
	bool is_mixed; /* of several ingestions */
	struct slice day;
	size_t body_len;
	bool words_unknown;
	bool survives;
	bool is_damaged;
	bool no_rare; /* or its rare events are not enough */
	enum step_lacks lacks;
	struct slice bytes; /* what it lacked, once it is_there; meta, for a text */
	bool is_there;
	struct opened_block *opened; /* held, of those that are kept */
	struct opened_block *own;    /* not kept: for a text or a count */
	struct scan *scan;           /* from testing on, or made by reading */
	struct block_part part;
	size_t part_len; /* wanted; of a whole body: all */
	bool fetched;
};

struct events_step {
	const struct event_filter *filter;
	struct event_matcher *matcher; /* NULL: the filter has no text */
	struct words_cache *cache;
	struct block_cache *blocks_cache;
	struct scan_page *page;
	int64_t project_id;
	int64_t ingestion_id; /* 0: of the whole project */
	struct arena arena;
	struct arena bodies; /* of the blocks being read */
	struct step_block *blocks;
	size_t count;
	size_t tested; /* blocks behind these are left for the next step */
	size_t candidates;
	size_t metas;  /* that were fetched for this step */
	bool waits;    /* the test goes on when blocks are there */
	size_t next;   /* the first block not dealt with */
	size_t chunk;  /* behind the last block being read */
	bool is_ready; /* a block of the chunk can be read without fetching */
	bool gone; /* the block at `chunk` is not what it was: probe again from it */
	unsigned damaged;
};

void events_step_clear(struct events_step *step);
/* of the answer to events_sql_blocks */
void events_step_take_blocks(struct events_step *step, const struct pg_rows *rows);

/* worker: decides which blocks survive; some may stay unknown */
void events_step_test(struct events_step *step, const struct query_job *job);
/* blocks whose words, or whose metas when the filter has no text, must be fetched
 * before the test can go on; 0: none */
size_t events_step_unknown(const struct events_step *step,
			   struct events_sql_part *parts);
/* of the answer to events_sql_metas for those */
void events_step_take_metas(struct events_step *step, const struct pg_rows *rows);
/* of the answer to events_sql_words for those */
void events_step_take_words(struct events_step *step, const struct pg_rows *rows);

/* blocks from `next` on whose bodies fit together, at least one; how many of them
 * survive */
size_t events_step_choose(struct events_step *step, size_t bytes_max,
			  struct events_sql_part *parts);
void events_step_take_parts(struct events_step *step, const struct pg_rows *rows);
/* worker: puts what they hold into the page */
void events_step_read(struct events_step *step, const struct query_job *job);
/* worker: the same after a test, when no bytes need to be fetched for it; else false */
bool events_step_read_ready(struct events_step *step, const struct query_job *job);

#endif
