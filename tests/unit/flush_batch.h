/* flush_batch.h - batches made by hand, for tests of the flush
 *
 * Threads: the test's. Owner: the caller, as of batch_new.
 */
#ifndef SIFTD_TESTS_FLUSH_BATCH_H
#define SIFTD_TESTS_FLUSH_BATCH_H

#include "pipeline/batch.h"

/* where batches go and come from; all of one stream */
struct flush_batch_origin {
	int64_t project_id;
	int64_t ingestion_id;
	struct stream_info *info;
	int64_t position; /* of the stream; moves with each batch */
	bool known;       /* the stream has a row */
};

#define FLUSH_BATCH_US INT64_C(1700000000000000)

struct batch *flush_batch_new(struct flush_batch_origin *origin);
/* a block of `count` ERROR events of that template, with counts and totals */
void flush_batch_add_block(struct batch *batch, const struct flush_batch_origin *origin,
			   uint64_t template_key, uint32_t count);
void flush_batch_add_template(struct batch *batch, int64_t project_id, uint64_t key,
			      uint64_t root);
void flush_batch_add_merge(struct batch *batch, int64_t project_id, uint64_t kept,
			   uint64_t ended);
/* `count` occurrences in the last block, its first rows as head, its last as tail */
void flush_batch_add_finding(struct batch *batch, const struct rule *rule,
			     const char *key);
void flush_batch_add_window(struct batch *batch, const struct rule *rule,
			    int64_t bucket, uint64_t count);

#endif
