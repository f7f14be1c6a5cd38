/* pipeline.h - a lane's work: chunks in, batches out
 *
 * Threads: a pipeline belongs to one lane. Pure: it is told the time.
 * Owner: pipeline_free frees it and what it holds; pipeline_feed takes the chunk, and
 *        pipeline_take_batch gives the batch away.
 * Limits: pipeline_config. A batch may exceed its bounds by what one chunk adds.
 *
 *	pipeline_feed(pipeline, chunk, now);      (or pipeline_tick when nothing came)
 *	while ((batch = pipeline_take_batch(pipeline)) != NULL)
 *		...
 *
 * A stream's stored position is where its oldest open record begins, so a restart reads
 *the open record again from the source: nothing of it is stored beside the position.
 */
#ifndef SIFTD_PIPELINE_PIPELINE_H
#define SIFTD_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/batch.h"
#include "pipeline/chunk.h"
#include "pipeline/front.h"
#include "pipeline/learner.h"
#include "pipeline/rules.h"

struct pipeline;

struct pipeline_config {
	struct front_config front;
	uint64_t batch_events_max;
	uint64_t batch_bytes_max;
	int64_t record_close_us; /* an open record is complete after so long without
				    input */
	size_t templates_max;
	size_t shapes_bytes; /* memory of the shape cache; 0: a good number */
	int zstd_level;
};

/* what lanes share; both outlive the pipeline */
struct pipeline_deps {
	struct rules *rules;
	/* NULL: all projects have `rules`. Is called when a lane first meets a project,
	 * and after *rules_generation changed; any thread; the lane owns what it
	 * returns, NULL for `rules` */
	struct rules *(*rules_of)(void *rules_context, int64_t project_id);
	void *rules_context;
	const _Atomic uint64_t *rules_generation;
	/* is called when a lane first meets a project; any thread; never NULL */
	struct learner *(*learner_of)(void *context, int64_t project_id);
	void *context;
	/* NULL: blocks are sealed by the pipeline itself. Else a batch is to be settled
	 * when all its blocks are sealed, and nothing may be under way at a reset or
	 * free */
	const struct block_sealing *sealing;
};

struct pipeline_stats {
	uint64_t bytes;
	uint64_t records;
	uint64_t batches;
	uint64_t cut_records;
	uint64_t closed_by_time;
	uint64_t unknown_stream_chunks; /* of streams from before a reset */
	uint64_t cache_hits;
	uint64_t cache_misses;
	uint64_t windows_dropped; /* events that no window had room for */
	uint64_t shape_hits;      /* lines, in the shape cache */
	uint64_t shape_misses;
	uint64_t shape_evictions; /* shapes that gave way to others */
};

struct pipeline *pipeline_new(unsigned lane, const struct pipeline_config *config,
			      const struct pipeline_deps *deps);
void pipeline_free(struct pipeline **pipeline);
void pipeline_feed(struct pipeline *pipeline, struct chunk *chunk, int64_t now_us);
/* so much of the time that passes is not held against open records */
void pipeline_stood(struct pipeline *pipeline, int64_t us);
#define PIPELINE_AGELESS INT64_MAX
/* closes what waited too long, and seals a batch that is older than age_us, or that
 * ends with the last open record. PIPELINE_AGELESS: not at all, since earlier ones
 * still wait for the store: then it may as well grow. Times are monotonic */
void pipeline_tick(struct pipeline *pipeline, int64_t now_us, int64_t age_us);
/* seals whatever there is; open records stay open and will be read again */
void pipeline_seal(struct pipeline *pipeline);
/* a sealed batch, now the caller's, or NULL */
struct batch *pipeline_take_batch(struct pipeline *pipeline);
/* forgets all streams and everything that was not taken */
void pipeline_reset(struct pipeline *pipeline);
const struct pipeline_stats *pipeline_stats(const struct pipeline *pipeline);

#endif
