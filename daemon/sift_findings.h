/* sift_findings.h - findings over a whole input of any length
 *
 * Threads: one owner. Owner: sift_findings_free; what is kept of a batch is copied.
 * Limits: SIFT_FINDINGS_MAX findings with a key: when more come, those whose rule's
 *         window was not reached are summed under FINDINGS_OTHER_KEY, and so are
 *         further keys; copies of evidence are cut at SIFT_EVIDENCE_BYTES; templates
 *         are told apart up to SIFT_FINDING_TEMPLATES_MAX in all.
 */
#ifndef SIFTD_DAEMON_SIFT_FINDINGS_H
#define SIFTD_DAEMON_SIFT_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/batch.h"

#define SIFT_FINDINGS_MAX 2048
#define SIFT_EVIDENCE_BYTES 4096
#define SIFT_EVIDENCE 4
#define SIFT_FINDING_TEMPLATES_MAX 65536

struct sift_evidence {
	uint64_t line;
	struct slice raw; /* in bytes */
	char *bytes;
};

/* one rule and key, over all its templates */
struct sift_finding {
	const struct rule *rule;
	enum finding_severity severity;
	struct slice key; /* in key_bytes */
	char *key_bytes;
	uint64_t count;
	uint64_t templates;
	int64_t first_us, last_us;
	struct sift_evidence evidence[SIFT_EVIDENCE]; /* earliest two, latest two */
	size_t evidence_count;
	bool reached; /* the rule has no window, or it was reached */
};

struct sift_findings;

struct sift_findings *sift_findings_new(void);
void sift_findings_free(struct sift_findings **findings);
/* the batch's evidence carries its line as (block: upper 32 bits, row: lower 32 bits)
 */
void sift_findings_absorb(struct sift_findings *findings, const struct batch *batch);
/* what is to be reported: by severity, specific rules before generic ones, by volume.
 * The array is the caller's to mem_free; its slices live until the next call here */
struct sift_finding *sift_findings_list(const struct sift_findings *findings,
					size_t *count);

#endif
