/* pg_flush_plan.h - what of a batch goes into its transaction, and under which numbers
 *
 * Threads: one owner at a time. Pure.
 * Owner: flush_plan_deinit frees; it borrows the batch.
 * Limits: FLUSH_SPLITS_MAX failed attempts on data before a whole range is left out.
 *
 * A part of the batch that goes into one table is sent as ranges of items, at first one
 * range a part (blocks: one each). When the database refuses a range for its data, the
 * next attempt sends it in smaller ranges, until the culprit stands alone and is left
 * out: so each attempt is a whole transaction, which commits or changes nothing.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_PLAN_H
#define SIFTD_SINKS_PG_FLUSH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/batch.h"

#define FLUSH_SPLITS_MAX 64

enum flush_part {
	FLUSH_PART_LEARNED, /* items: events of batch->learned[list] */
	FLUSH_PART_BLOCKS,
	FLUSH_PART_COUNTS,
	FLUSH_PART_GROUPS,
	FLUSH_PART_FINDINGS,
	FLUSH_PART_WINDOWS,
	FLUSH_PART_VARIABLES
};

struct flush_range {
	enum flush_part part;
	size_t list;
	size_t first;
	size_t count;
	bool excluded;
	char sqlstate[6]; /* why it is excluded */
	char reason[256];
};

struct flush_project {
	int64_t id;
	uint64_t events;
	int64_t first_seq; /* 0: the project is gone */
};

struct flush_ingestion {
	int64_t project_id;
	int64_t id;
	uint64_t events;
	uint64_t bytes;
	uint64_t without_timestamp;
	int64_t timestamp_min_us; /* or TIMESTAMP_NONE */
	int64_t timestamp_max_us;
	bool exists;
};

struct flush_block {
	size_t ingestion;  /* place in ingestions */
	int64_t first_seq; /* once the numbers are given */
	bool excluded;     /* quarantined */
};

struct flush_plan {
	const struct batch *batch;
	struct flush_project *projects; /* ascending by id */
	size_t projects_count, projects_capacity;
	struct flush_ingestion *ingestions;
	size_t ingestions_count, ingestions_capacity;
	struct flush_block *blocks; /* as many as the batch has */
	struct flush_range *ranges; /* in the order of sending */
	size_t ranges_count, ranges_capacity;
	unsigned splits;
	bool parts; /* counts are left as parts; see pg_flush_counts.h */
	bool fold;  /* parts are added up */
	const int64_t *fold_projects; /* borrowed for an attempt: theirs too */
	size_t fold_projects_count;
	bool plain; /* details and quarantined bytes were refused: go without */
};

void flush_plan_init(struct flush_plan *plan, const struct batch *batch);
void flush_plan_deinit(struct flush_plan *plan);
/* a new attempt: nothing is known to exist */
void flush_plan_restart(struct flush_plan *plan);
/* answers of the database */
void flush_plan_set_seq(struct flush_plan *plan, int64_t project_id, int64_t first_seq);
void flush_plan_set_ingestion(struct flush_plan *plan, int64_t project_id, int64_t id);
/* gives the blocks their numbers, once all answers are there */
void flush_plan_number(struct flush_plan *plan);

/* false: the batch moves no stream, and leaves no trace to find it by */
bool flush_plan_moves(const struct flush_plan *plan);
bool flush_plan_has_project(const struct flush_plan *plan, int64_t project_id);
bool flush_plan_has_ingestion(const struct flush_plan *plan, int64_t project_id,
			      int64_t ingestion_id);
/* false: it goes to a deleted ingestion, or was quarantined */
bool flush_plan_has_block(const struct flush_plan *plan, size_t block);
int64_t flush_plan_seq(const struct flush_plan *plan, uint32_t block, uint32_t row);

/* the database refused the range: smaller ones next time, or without it */
void flush_plan_refuse(struct flush_plan *plan, size_t range, const char *sqlstate,
		       const char *reason);

/* records and raw bytes that the transaction does not store */
struct flush_loss {
	uint64_t quarantined_records;
	uint64_t quarantined_bytes;
	uint64_t deleted_records;
	uint64_t deleted_bytes;
};
void flush_plan_loss(const struct flush_plan *plan, struct flush_loss *out);

#endif
