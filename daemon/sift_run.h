/* sift_run.h - the pipeline over an input, with no database: what `siftd sift` does
 *
 * Threads: one owner. Owner: sift_free.
 * Limits: those of front, learner, sift_groups and sift_findings, whatever the input.
 */
#ifndef SIFTD_DAEMON_SIFT_RUN_H
#define SIFTD_DAEMON_SIFT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/sift_findings.h"
#include "daemon/sift_groups.h"
#include "daemon/sift_input.h"
#include "pipeline/batch.h"
#include "pipeline/front.h"
#include "pipeline/rules.h"

struct sift;

struct sift_stats {
	uint64_t bytes;
	uint64_t lines;
	uint64_t records;  /* that are reported */
	uint64_t left_out; /* records outside since and until */
	double seconds;
	/* lines whose layout was known, and not; layouts that gave way to others */
	uint64_t shape_hits;
	uint64_t shape_misses;
	uint64_t shape_evictions;
	uint64_t unreadable; /* files */
	int64_t first_us;    /* of the records; TIMESTAMP_NONE: none has a timestamp */
	int64_t last_us;
};

struct sift_config {
	struct front_config front;
	struct learner_config learner;
	size_t templates_max;
	struct rules *rules; /* NULL: no findings */
	int64_t since_us;    /* records from here on; TIMESTAMP_NONE: all */
	int64_t until_us;    /* records before this; TIMESTAMP_NONE: all */
};

/* one record as it was classified; line is its first, 1-based over all files */
struct sift_record {
	const struct record *record;
	uint64_t line;
	uint64_t lines;
	uint64_t template_key;
};

/* is called for each record, in order; may be NULL */
typedef void sift_record_fn(void *context, const struct sift_record *record);
/* is called now and then while reading; may be NULL */
typedef void sift_progress_fn(void *context, const struct sift_stats *stats);

struct sift_visitor {
	sift_record_fn *record;
	void *record_context;
	sift_progress_fn *progress;
	void *context; /* of progress and unreadable */
	/* progress is called a few times a second while nothing comes too, and a record
	 * that nothing came to for a second is taken as complete */
	bool live;
	/* files that cannot be read are reported here */
	void (*unreadable)(void *context, const struct error *error);
};

struct sift *sift_new(const struct sift_config *config);
void sift_free(struct sift **sift);
/* reads the input to its end; may be called again after sift_input_rewind, with
 * `count` false: then the totals stay as they are */
void sift_run(struct sift *sift, struct sift_input *input,
	      const struct sift_visitor *visitor, bool count);
const struct sift_stats *sift_read_stats(const struct sift *sift);
struct learner *sift_learner(struct sift *sift);
struct sift_groups *sift_groups(struct sift *sift);
/* all findings so far */
struct sift_findings *sift_findings(struct sift *sift);

#endif
