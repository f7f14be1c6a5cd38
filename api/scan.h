/* scan.h - finds the events of one block that a filter wants
 *
 * Threads: a scan and its page belong to one query worker at a time. No I/O.
 * Owner: scan_free frees; a scan borrows the filter and the opened block, which others
 *        may read at the same time. What scan_collect puts into a page lies in the
 *        page's arena.
 * Limits: a page is full at its count, or at its bytes.
 *
 * Columns are tested first; scan_needs then says which bytes of the body are worth
 * fetching (a part that covers them will do), and scan_collect reads on until the page
 * is full. Blocks are given in the order that the filter asks for.
 */
#ifndef SIFTD_API_SCAN_H
#define SIFTD_API_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/event_filter.h"
#include "api/opened_block.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "pipeline/block.h"

struct scan;

/* whose the events of a block are, up to number `end`; 0: nobody's any more */
struct scan_run {
	int64_t ingestion_id;
	uint32_t end;
};

/* where a block stands */
struct scan_block {
	int64_t first_seq;
	int64_t ingestion_id; /* 0: it has runs */
	uint32_t count;
	/* of a block of several ingestions; their ends rise up to count; borrowed */
	const struct scan_run *runs;
	size_t runs_count;
	int64_t wanted_ingestion; /* of whose events are found; 0: all */
};

struct scan_hit {
	int64_t seq;
	int64_t ingestion_id;
	struct block_event event;
};

struct event_matcher;
struct event_tally;

struct scan_page {
	struct event_matcher *matcher; /* of the filter's text, borrowed; NULL: any */
	/* what is found is added here, and not kept; borrowed; NULL: it is kept */
	struct event_tally *tally;
	uint64_t costly; /* events that a pattern could not be judged on */
	/* asked now and then; true: stop here. NULL: never */
	bool (*stop)(void *context);
	void *stop_context;
	bool stopped;   /* it said so, */
	int64_t looked; /* and this seq was the last one looked at */
	struct arena arena;
	struct scan_hit *hits; /* in the order of the filter */
	size_t count;
	size_t capacity;
	size_t count_max;
	size_t bytes; /* of raw and extra */
	size_t bytes_max;
};

void scan_page_deinit(struct scan_page *page);
bool scan_page_full(const struct scan_page *page);

/* tests the columns until as many events match as are wanted. Rare events alone will
 * do for a filter of template keys that opened_block_lacks none of */
struct scan *scan_new(const struct event_filter *filter, const struct scan_block *block,
		      struct opened_block *opened, size_t wanted);
void scan_free(struct scan **scan);
/* events whose columns match, at most as many as are wanted */
size_t scan_candidates(const struct scan *scan);
/* the bytes of the body that hold the candidates whose texts are not there yet; false:
 * no candidate lacks them */
bool scan_needs(const struct scan *scan, size_t *offset, size_t *len);
/* adds all candidates to the page's tally: for a filter without a text */
void scan_count(const struct scan *scan, struct scan_page *page);
/* appends what matches to the page, until it is full */
MUST_CHECK int scan_collect(struct scan *scan, const struct block_part *part,
			    struct scan_page *page, struct error *error);

#endif
