/* sift_report.h - what was sifted, for a person or as JSON
 *
 * Threads: one owner. Owner: the report borrows; the buffer is the caller's.
 * Limits: a text report shows groups_max groups and says how many it left out; JSON has
 * all.
 */
#ifndef SIFTD_DAEMON_SIFT_REPORT_H
#define SIFTD_DAEMON_SIFT_REPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/sift_run.h"

/* rises when a member changes its meaning or goes; new members alone do not raise it */
#define SIFT_JSON_VERSION 1

struct sift_report {
	const struct sift_stats *stats;
	struct sift_group *groups; /* folded and sorted */
	size_t groups_count;
	const struct sift_group *other; /* groups summed for lack of room */
	size_t spark_used;
	struct learner *learner;
	struct sift_finding *findings; /* sorted */
	size_t findings_count;
	bool ranged;  /* since or until was given */
	bool stopped; /* the input did not come to its end */
};

struct sift_view {
	bool colour;
	size_t columns;
	size_t groups_max;
	size_t rows;          /* 0: as many as it takes; else a live screen */
	int64_t live_seconds; /* how long the live input has been read */
};

void sift_report_text(const struct sift_report *report, const struct sift_view *view,
		      struct buf *out);
void sift_report_json(const struct sift_report *report, struct buf *buf);
/* the object of --stats, one line */
void sift_report_stats(const struct sift_report *report, struct buf *buf);

#endif
