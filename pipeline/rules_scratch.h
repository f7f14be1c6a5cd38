/* rules_scratch.h - a thread's working memory for judging; for rules_*.c only */
#ifndef SIFTD_PIPELINE_RULES_SCRATCH_H
#define SIFTD_PIPELINE_RULES_SCRATCH_H

#include "base/buf.h"
#include "pipeline/rules_set.h"

struct rules_scratch {
	const struct rules *rules;
	hs_scratch_t *scan;
	/* pass 2: a leaf was found when its stamp is the current one */
	uint32_t *leaf_stamps;
	uint32_t stamp;
	size_t target; /* the text being scanned */
	struct rule_set candidates;
	/* pass 1: where each pattern was found, see rules_template.c */
	uint8_t *found;
	uint8_t found_bit; /* of the scan that runs */
	struct buf masked;
};

/* a scan that fails is a bug of ours: it ends the process */
void rules_scan_check(hs_error_t result);
struct slice rule_subject_text(const struct rule_subject *subject,
			       enum rule_field field, struct slice attribute);
/* the next error text that a structured record carries beside its message; start with
 * *cursor = 0 */
bool rule_subject_error_text(const struct rule_subject *subject, size_t *cursor,
			     struct slice *text);
/* by level or by equality; false when the leaf has only patterns */
bool rule_leaf_equals(const struct rule_subject *subject, const struct condition *leaf);

#endif
