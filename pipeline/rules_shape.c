/* rules_shape.c - what pass 2 says of all records that differ only in digits
 *
 * The verdict on one record is that on all of them unless the value of a digit could
 * decide a rule: a pattern that is not even would be found with other digits in the
 * place of these, or a text with digits is compared with one that has some. What a rule
 * says of an attribute is of one record: some lie beside the line (extra.h).
 */
#include "pipeline/rules_scratch.h"

static int on_widened(unsigned id, unsigned long long from, unsigned long long to,
		      unsigned flags, void *context)
{
	struct rules_scratch *scratch = context;
	const struct pattern *pattern = &scratch->rules->patterns[id];

	(void)from;
	(void)to;
	(void)flags;
	scratch->open |= pattern->target == scratch->target &&
			 rule_set_has(scratch->judged, pattern->rule);
	return scratch->open; /* that is enough: the scan may end */
}

static bool has_digit(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			return true;
	}
	return false;
}

static bool compares_digits(const struct rules *rules,
			    const struct rule_subject *subject,
			    const struct rule_set *judged)
{
	for (size_t i = 0; i < rules->compared_count; i++) {
		const struct scan_target *target = &rules->compared[i];

		if (rules_intersect(&target->rules, judged, rules_set_words(rules)) &&
		    has_digit(rule_subject_text(subject, target->field,
						target->attribute)))
			return true;
	}
	return false;
}

bool rules_judge_shape(const struct rules *rules, struct rules_scratch *scratch,
		       const struct rule_subject *subject, const struct rule_set *maybe,
		       struct rule_set *matched)
{
	const struct rules_scan widened = { rules->databases[RULES_WIDENED],
					    on_widened };
	const struct rule_set *judged = rules_judged(rules, subject->record, maybe);

	rules_judge_event(rules, scratch, subject, maybe, matched);
	if (rules_intersect(&rules->narrow, judged, rules_set_words(rules)) ||
	    rules_intersect(&rules->attributed, judged, rules_set_words(rules)) ||
	    compares_digits(rules, subject, judged))
		return false;
	scratch->judged = judged;
	scratch->open = false;
	if (rules->databases[RULES_WIDENED] != NULL)
		rules_scan_targets(scratch, &widened, subject, judged);
	return !scratch->open;
}
