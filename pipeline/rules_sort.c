/* rules_sort.c - what is known of rules before any event comes, as sets of them */
#include "base/mem.h"
#include "pipeline/rules_scratch.h"

/* patterns found nowhere, all else open */
static enum truth truth_without_hits(void *context, const struct condition *leaf)
{
	bool only_patterns = leaf->patterns_count > 0 && leaf->equals.count == 0;

	(void)context;
	return only_patterns ? TRUTH_NO : TRUTH_MAYBE;
}

static enum truth truth_without_hits_bare(void *context, const struct condition *leaf)
{
	if (leaf->field == RULE_FIELD_ATTRIBUTE)
		return TRUTH_NO;
	return truth_without_hits(context, leaf);
}

static bool has_digit(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			return true;
	}
	return false;
}

static struct scan_target *find_compared(struct rules *rules,
					 const struct condition *leaf)
{
	struct scan_target *target = NULL;

	for (size_t i = 0; i < rules->compared_count; i++) {
		target = &rules->compared[i];
		if (target->field == leaf->field &&
		    slice_equal(target->attribute, leaf->attribute))
			return target;
	}
	mem_grow(&rules->compared, &rules->compared_capacity, rules->compared_count,
		 sizeof(*rules->compared));
	target = &rules->compared[rules->compared_count++];
	*target = (struct scan_target){ .field = leaf->field,
					.attribute = leaf->attribute };
	return target;
}

/* the depth is bounded by that of the document */
static void note_fields(struct rules *rules, const struct condition *condition,
			size_t index)
{
	if (condition->kind == CONDITION_LEAF &&
	    condition->field == RULE_FIELD_TEMPLATE)
		rule_set_put(&rules->templated, index);
	if (condition->kind == CONDITION_LEAF &&
	    condition->field == RULE_FIELD_ATTRIBUTE)
		rule_set_put(&rules->attributed, index);
	for (size_t i = 0; i < condition->equals.count; i++) {
		if (has_digit(condition->equals.items[i]))
			rule_set_put(&find_compared(rules, condition)->rules, index);
	}
	for (const struct condition *child = condition->first_child; child != NULL;
	     child = child->next)
		note_fields(rules, child, index);
}

/* the depth is bounded by that of the document */
static uint64_t attribute_keys(const struct condition *condition)
{
	uint64_t keys = 0;

	if (condition->kind == CONDITION_LEAF &&
	    condition->field == RULE_FIELD_ATTRIBUTE)
		keys = rules_key_bit(condition->attribute);
	for (const struct condition *child = condition->first_child; child != NULL;
	     child = child->next)
		keys |= attribute_keys(child);
	return keys;
}

void rules_sort(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct rule_entry *entry = &rules->entries[i];

		rule_set_put(&rules->all, i);
		if (entry->rule.generic)
			rule_set_put(&rules->generic, i);
		else if (entry->rule.window.type == WINDOW_NONE)
			rule_set_put(&rules->specific, i);
		if (condition_truth(entry->match, truth_without_hits_bare, NULL) !=
		    TRUTH_NO)
			rule_set_put(&rules->unscanned_bare, i);
		else if (condition_truth(entry->match, truth_without_hits, NULL) !=
			 TRUTH_NO)
			entry->attribute_keys = attribute_keys(entry->match);
		rules->attribute_keys |= entry->attribute_keys;
		note_fields(rules, entry->match, i);
	}
	for (size_t i = 0; i < rules->patterns_count; i++) {
		const struct pattern *pattern = &rules->patterns[i];

		if (!pattern->even && pattern->widened == NULL)
			rule_set_put(&rules->narrow, pattern->rule);
	}
}
