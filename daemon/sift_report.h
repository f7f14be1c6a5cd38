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
#include "base/json_out.h"
#include "daemon/sift_run.h"

struct sift_report {
	const struct sift_stats *stats;
	const struct sift_group *groups; /* folded and sorted */
	size_t groups_count;
	struct learner *learner;
	/* one entry a rule and key, sorted by severity, then volume */
	const struct sift_finding *findings;
	size_t findings_count;
};

/* a finding over all its templates */
struct sift_finding {
	const struct rule *rule;
	enum finding_severity severity;
	struct slice key;
	uint64_t count;
	uint64_t templates;
	int64_t first_us, last_us;
	const struct batch_evidence *evidence[4]; /* first and last ones, by line */
	size_t evidence_count;
};

/* sums the batch's findings; the array is the caller's to mem_free and borrows from the
 * batch. Rules with a window are left out where no window reached their count */
struct sift_finding *sift_findings_fold(const struct batch *batch, size_t *count);

void sift_report_text(const struct sift_report *report, bool colour, size_t groups_max,
		      size_t columns, struct buf *out);
void sift_report_json(const struct sift_report *report, struct buf *out);
/* the object of --stats, one line */
void sift_report_stats(const struct sift_report *report, struct buf *out);

#endif
