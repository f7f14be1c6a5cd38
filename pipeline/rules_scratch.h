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
	struct slice text;
	struct confirm_data *confirm; /* NULL: no pattern needs any */
	struct rule_set candidates;
	/* of a shape: digits may decide a rule of `judged` */
	const struct rule_set *judged;
	bool open;
	/* pass 1: where each pattern was found, see rules_template.c */
	uint8_t *found;
	uint8_t found_bit; /* of the scan that runs */
	struct buf masked;
};

/* what texts are scanned for */
struct rules_scan {
	const hs_database_t *database;
	match_event_handler on_match; /* its context is the scratch */
};

/* of a rule_set, as far as rules go */
static inline size_t rules_set_words(const struct rules *rules)
{
	return (rules->count + 63) / 64;
}

static inline bool rules_intersect(const struct rule_set *a, const struct rule_set *b,
				   size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if ((a->bits[i] & b->bits[i]) != 0)
			return true;
	}
	return false;
}

/* a name of an attribute as one bit of a set, by its length and ends */
static inline uint64_t rules_key_bit(struct slice key)
{
	size_t bit = key.len * 7;

	if (key.len > 0) {
		bit += (size_t)(unsigned char)key.ptr[0] * 5;
		bit += (unsigned char)key.ptr[key.len - 1];
	}
	return UINT64_C(1) << (bit % 64);
}

/* the rules that pass 2 judges */
static inline const struct rule_set *rules_judged(const struct rules *rules,
						  const struct record *record,
						  const struct rule_set *maybe)
{
	return record->severity >= SEVERITY_ERROR ? &rules->all : maybe;
}

/* each text that a rule of judged has patterns for; scratch->target says which */
void rules_scan_targets(struct rules_scratch *scratch, const struct rules_scan *wanted,
			const struct rule_subject *subject,
			const struct rule_set *judged);
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
