/* findings.h - adds judged events to the findings of a batch
 *
 * Threads: the batch's lane. Owner: the batch; what is kept of an event is copied.
 * Limits: BATCH_FINDINGS_MAX findings in a batch: further keys of group_by are counted
 *         under FINDINGS_OTHER_KEY, so that no occurrence is lost; a key is cut at
 *         FINDING_KEY_MAX bytes, a copy of evidence at EVIDENCE_RAW_MAX.
 */
#ifndef SIFTD_PIPELINE_FINDINGS_H
#define SIFTD_PIPELINE_FINDINGS_H

#include "pipeline/batch.h"

#define BATCH_FINDINGS_MAX 16384
#define FINDINGS_OTHER_KEY "(other)"
#define FINDING_KEY_MAX 256
#define EVIDENCE_RAW_MAX ((size_t)16 * 1024)

struct findings_event {
	int64_t project_id;
	int64_t ingestion_id;
	uint64_t template_key;
	uint32_t block;
	uint32_t row;
	int64_t timestamp_us; /* or observed */
	const struct record *record;
	struct slice captures; /* of the rule; findings.c fills it */
};

/* One occurrence for each rule in matched. A rule with a window also counts in its
 * bucket; its finding opens only when the window is reached, which the flush judges
 * over all daemons' buckets. An event without the value that group_by names counts
 * under the empty key. */
void findings_add(struct batch *batch, const struct findings_event *event,
		  const struct rule_set *matched, const struct rules *rules);

/* no more will be added */
void findings_settle(struct batch *batch);

#endif
