/* lanes.h - the pipeline threads, and the way of chunks in and batches out
 *
 * Threads: lanes_put from any source thread, lanes_try_put and all else on the loop.
 * Owner: lanes_free stops and joins the threads and frees what they hold.
 * Limits: each lane's chunk queue and batch queue are bounded in bytes; a full batch
 * queue stops the lane, a full chunk queue makes lanes_put wait and lanes_try_put
 * refuse.
 *
 * Epochs: when a flush's guard failed, the loop begins a new epoch of the lane. The
 * lane then forgets all streams and open batches before it takes the next chunk, and
 * batches that were sealed in an earlier epoch are thrown away when they are taken.
 */
#ifndef SIFTD_DAEMON_LANES_H
#define SIFTD_DAEMON_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/chunk.h"
#include "pipeline/pipeline.h"

struct lanes;

struct lanes_config {
	unsigned count;
	size_t chunk_bytes_max;      /* queued for one lane */
	size_t batch_bytes_max;      /* sealed and not yet taken, of one lane */
	int64_t batch_age_us;        /* of a batch that the store could take */
	int64_t batch_age_behind_us; /* the same while half of the chunks' bound waits
				      */
	struct pipeline_config pipeline;
};

struct lanes *lanes_start(const struct lanes_config *config,
			  const struct pipeline_deps *deps);
unsigned lanes_count(const struct lanes *lanes);
/* waits for room; false when stopping, the chunk stays the caller's */
bool lanes_put(struct lanes *lanes, struct chunk *chunk);
bool lanes_try_put(struct lanes *lanes, struct chunk *chunk);
/* readable when the lane has sealed batches */
int lanes_batch_fd(const struct lanes *lanes, unsigned lane);
/* the oldest sealed batch of this epoch, now the caller's, or NULL; older ones are
 * freed */
struct batch *lanes_take_batch(struct lanes *lanes, unsigned lane);
/* sealed batches wait to be taken */
bool lanes_batches_queued(struct lanes *lanes, unsigned lane);
void lanes_begin_epoch(struct lanes *lanes, unsigned lane);
/* no more chunks: each lane works off its queue, seals, and ends; lanes_ended says so.
 * Batches must be taken meanwhile */
void lanes_finish(struct lanes *lanes);
bool lanes_ended(const struct lanes *lanes);
void lanes_free(struct lanes **lanes);

/* a copy of one lane's counters, as of its last batch or tick */
struct pipeline_stats lanes_stats(struct lanes *lanes, unsigned lane);
/* bytes waiting in the chunk queues */
size_t lanes_queued_bytes(struct lanes *lanes);

#endif
