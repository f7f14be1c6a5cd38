/* batch.h - what a lane made of its input and one transaction stores
 *
 * Threads: built by one lane, then handed over whole to the loop's flush; never shared.
 * Owner: whoever holds it; batch_free frees everything. All slices lie in batch->arena.
 * Limits: sealed by the lane at its configured events, bytes or age.
 *
 * Event order: blocks[] in order, events inside a block in order. An event is named by
 * (block, row); its seq is the project's first seq of the flush plus the events of the
 * project's blocks before it, plus row.
 */
#ifndef SIFTD_PIPELINE_BATCH_H
#define SIFTD_PIPELINE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/table.h"
#include "pipeline/block.h"
#include "pipeline/chunk.h"
#include "pipeline/learner.h"
#include "pipeline/rules.h"
#include "pipeline/runs.h"
#include "pipeline/variable_sketch.h"

/* first and last events kept as evidence for each template of a finding, per batch and
 * in the database; and template keys kept for each finding */
#define EVIDENCE_EDGE 5
#define FINDING_TEMPLATES_MAX 10

/* the ledger of one batch, of what a stream held for one ingestion. received is
 * counted where bytes come in, the others where they go to: that they agree is worth
 * something */
struct batch_sums {
	int64_t project_id;
	int64_t ingestion_id;
	uint64_t received_bytes;
	uint64_t stored_bytes;
	uint64_t stored_records;
	uint64_t skipped_bytes; /* gaps that the source reported */
	int64_t arrived_us; /* the oldest of what came, by the wall clock; 0: nothing */
	struct drop_sums dropped;
};

struct batch_stream {
	const struct stream_info
		*info; /* borrowed from the lane; lives as long as it */
	uint64_t stream;
	bool is_new;          /* no flush of ours has stored it yet */
	struct position from; /* the guard: where the row must stand */
	struct position to;
	const struct batch_sums *sums; /* in the arena */
	size_t sums_count;
};

struct batch_block {
	int64_t project_id;
	int64_t ingestion_id;
	int64_t received_us; /* of its first event; its day is the partition */
	struct block_encoded
		encoded;             /* empty until batch_settle, when `later` is set */
	struct block_encoded *later; /* block_sealing fills it */
};

/* sealing blocks elsewhere than on the lane */
struct block_sealing {
	/* is called when a block is full: takes the builder, and fills `out` at the
	 * latest before the batch is settled or freed; returns an empty builder, or
	 * NULL when there is none to spare */
	struct block_builder *(*seal)(void *context, struct block_builder *full,
				      struct block_encoded *out);
	void *context;
};

struct batch_count {
	int64_t project_id;
	int64_t ingestion_id;
	uint64_t template_key;
	int64_t minute; /* since the epoch; of the timestamp, or of the observed one */
	enum severity severity;
	struct slice service_name; /* ptr NULL: none */
	uint64_t count;
};

/* totals of one template in one ingestion */
struct batch_group {
	int64_t project_id;
	int64_t ingestion_id;
	uint64_t template_key;
	uint64_t count;
	int64_t first_us; /* by timestamp, else observed */
	int64_t last_us;
	uint32_t latest_block; /* the last event of it in this batch */
	uint32_t latest_row;
	struct slice latest_raw; /* at most 2 KiB of it */
	char *latest_space;      /* where latest_raw lies, while the batch is built */
};

struct batch_evidence {
	uint32_t block;
	uint32_t row;
	int64_t timestamp_us;  /* or observed */
	struct slice raw;      /* at most 16 KiB */
	struct slice captures; /* a JSON object of the rule's named groups; or empty */
};

/* names that occurrences of a finding have, of one kind; further ones are not told
 * apart */
#define FINDING_NAMES_MAX 8

struct batch_names {
	struct slice items[FINDING_NAMES_MAX];
	size_t count;
};

/* occurrences of one rule and key in one template and ingestion */
struct batch_finding {
	int64_t project_id;
	int64_t ingestion_id;
	const struct rule
		*rule; /* borrowed from the rule set, which outlives the flush */
	enum finding_severity severity; /* a generic rule's follows the level */
	struct slice key;               /* of group_by; empty when the rule has none */
	uint64_t template_key;
	uint64_t count;
	int64_t first_us;
	int64_t last_us;
	/* the first by time, then raw bytes, and the last of the rest; in no order */
	struct batch_evidence head[EVIDENCE_EDGE];
	size_t head_count;
	struct batch_evidence tail[EVIDENCE_EDGE];
	size_t tail_count;
	struct runs runs; /* of a rule without a window */
	struct batch_names services;
	struct batch_names hosts;
};

struct batch_window {
	int64_t project_id;
	const struct rule *rule;
	struct slice key;
	int64_t bucket_us; /* begin of the bucket, a multiple of its width */
	int64_t bucket_width_us;
	uint64_t count;
	uint64_t others; /* rate_ratio: events that `of` matches */
	/* sequence, new_group: the moments of events; INT64_MAX and INT64_MIN: none */
	int64_t first_us, last_us;
	int64_t then_first_us, then_last_us;
};

/* cardinality: a value that a bucket has seen */
struct batch_value {
	size_t window; /* place in windows */
	uint64_t hash;
};

/* template and merge events of one project's learner */
struct batch_learned {
	int64_t project_id;
	uint64_t
		up_to; /* number of the last event; for learner_trim after the commit */
	struct learner_event *events; /* slices copied into the arena */
	size_t count;
};

struct batch {
	struct arena arena;
	unsigned lane;
	uint64_t number; /* rises by one per lane */
	uint64_t events;
	uint64_t raw_bytes;
	int64_t opened_us; /* monotonic, of the first input */
	bool more; /* input waited for the lane when it was sealed: others follow */
	struct batch_stream *streams;
	size_t streams_count, streams_capacity;
	struct batch_block *blocks;
	size_t blocks_count, blocks_capacity;
	struct batch_count *counts;
	size_t counts_count, counts_capacity;
	struct batch_group *groups;
	size_t groups_count, groups_capacity;
	struct batch_finding *findings;
	size_t findings_count, findings_capacity;
	struct batch_window *windows;
	size_t windows_count, windows_capacity;
	uint64_t windows_dropped; /* events not counted: too many keys or values */
	struct rules **rules;     /* that findings and windows point into; shared */
	size_t rules_count, rules_capacity;
	struct batch_value *values;
	size_t values_count, values_capacity;
	struct variable_sketch *variables;
	size_t variables_count, variables_capacity;
	struct batch_learned *learned;
	size_t learned_count, learned_capacity;
	/* indexes used while it is built: hash of the key -> place + 1 */
	struct table counts_index, groups_index, findings_index, windows_index;
	struct table variables_index;
	struct table values_index; /* mix of window and hash -> 1 */
};

struct batch *batch_new(unsigned lane, uint64_t number);
void batch_free(struct batch **batch);
/* all blocks are sealed: takes over those that were sealed elsewhere */
void batch_settle(struct batch *batch);
/* bytes it holds, for the queue's weight */
size_t batch_weight(const struct batch *batch);

#endif
