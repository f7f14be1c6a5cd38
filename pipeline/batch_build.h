/* batch_build.h - adds classified records to a batch: blocks, counts, groups, findings
 *
 * Threads: belongs to one lane. Owner: batch_builder_free frees it and an open batch.
 * Limits: the caller seals at its bounds; batch_builder_* say how full it is.
 */
#ifndef SIFTD_PIPELINE_BATCH_BUILD_H
#define SIFTD_PIPELINE_BATCH_BUILD_H

#include "pipeline/batch.h"
#include "pipeline/classify.h"

struct batch_builder;

struct batch_origin {
	int64_t project_id;
	int64_t ingestion_id;
};

/* sealing NULL: blocks are sealed in place, else there; see batch_settle */
struct batch_builder *batch_builder_new(unsigned lane, int zstd_level,
					const struct block_sealing *sealing);
void batch_builder_free(struct batch_builder **builder);
/* the open batch, made when there is none */
struct batch *batch_builder_open(struct batch_builder *builder, int64_t now_us);
/* the open batch or NULL */
struct batch *batch_builder_current(const struct batch_builder *builder);
/* returns how many events of the template's ingestion the batch holds now */
uint64_t batch_builder_add(struct batch_builder *builder, const struct record *record,
			   const struct classified *classified,
			   struct batch_origin origin);
/* encodes what is open; the batch is the caller's */
struct batch *batch_builder_seal(struct batch_builder *builder);
/* throws the open batch away */
void batch_builder_discard(struct batch_builder *builder);

#endif
