/* sift_windows.h - buckets of threshold rules over a whole input
 *
 * Threads: one owner. Owner: sift_windows_deinit.
 * Limits: SIFT_BUCKETS_MAX buckets; when they are full the older half of them goes.
 */
#ifndef SIFTD_DAEMON_SIFT_WINDOWS_H
#define SIFTD_DAEMON_SIFT_WINDOWS_H

#include "base/table.h"
#include "pipeline/batch.h"

#define SIFT_BUCKETS_MAX 65536

struct sift_bucket {
	uint64_t finding; /* hash of rule and key */
	int64_t bucket_us;
	uint64_t count;
};

struct sift_windows {
	struct table index; /* hash of finding and bucket_us -> place in buckets */
	struct sift_bucket *buckets;
	size_t count, capacity;
};

void sift_windows_deinit(struct sift_windows *windows);
/* adds the counts of a batch's bucket; true when consecutive ones around it reach the
 * rule's count */
bool sift_windows_add(struct sift_windows *windows, uint64_t finding,
		      const struct batch_window *delta);

#endif
