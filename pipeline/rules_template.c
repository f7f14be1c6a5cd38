/* rules_template.c - pass 1: what a template settles for all its events
 *
 * Three texts are scanned: the message of the template's first record, the template
 * with every placeholder written as 0, and that again by the relaxed expressions.
 *
 *	constant, found in message and masked: always
 *	constant, only in the message:         maybe
 *	constant, in neither:                  never; maybe when letters are possible
 *	with digits, found in the message:     maybe
 *	with digits, the relaxed one found:    maybe
 *	with digits, neither:                  never; maybe when letters are possible
 *
 * Letters are possible where a placeholder may hold them. A template that equals the
 * message has no variables: then found is always, and not found is never. Of a message
 * of several lines the template keeps only a part, so whatever is not certain is maybe.
 * So is what PCRE2 has to confirm. The same holds for a record with error texts beside
 * its message: the template knows nothing of them.
 *
 * What follows where nothing is found is known from the start, so only the trees of
 * rules of which something is found are walked, as in pass 2.
 */
#include "base/mem.h"
#include "pipeline/rules_scratch.h"

enum { FOUND_MESSAGE = 1, FOUND_MASKED = 2, FOUND_RELAXED = 4, FOUND_TEMPLATE = 8 };

struct template_context {
	const struct rules *rules;
	const uint8_t *found; /* of each pattern */
	const struct rule_subject *subject;
	bool exact;   /* the template has no variables */
	bool alike;   /* all its records have the attributes of this one */
	bool letters; /* a variable may hold words */
};

/* placeholders of the readable template, see docs/grouping.md */
static const struct {
	struct slice text;
	bool letters;
} placeholders[] = {
	{ { "<*>", 3 }, true },     { { "<num>", 5 }, false },
	{ { "<ip>", 4 }, false },   { { "<hex>", 5 }, false },
	{ { "<uuid>", 6 }, false }, { { "<path>", 6 }, true },
	{ { "<url>", 5 }, true },   { { "<email>", 7 }, true },
	{ { "<time>", 6 }, false }, { { "<dur>", 5 }, false },
	{ { "<size>", 6 }, false }, { { "<id>", 4 }, true },
	{ { "<user>", 6 }, true },
};

/* the bytes of the placeholder at the start, or 0 */
static size_t placeholder_len(struct slice text, bool *letters)
{
	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++) {
		if (slice_starts_with(text, placeholders[i].text)) {
			*letters |= placeholders[i].letters;
			return placeholders[i].text.len;
		}
	}
	return 0;
}

/* the template with 0 for each placeholder; says whether one may hold letters */
static bool mask_template(struct buf *out, struct slice text)
{
	bool letters = false;

	buf_clear(out);
	while (text.len > 0) {
		const char *open = memchr(text.ptr, '<', text.len);
		size_t before = open == NULL ? text.len : (size_t)(open - text.ptr);
		size_t len = 0;

		buf_append_slice(out, slice_head(text, before));
		text = slice_from(text, before);
		if (text.len == 0)
			break;
		len = placeholder_len(text, &letters);
		buf_append_char(out, len > 0 ? '0' : '<');
		text = slice_from(text, len > 0 ? len : 1);
	}
	return letters;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
		    unsigned flags, void *context)
{
	struct rules_scratch *scratch = context;

	(void)from;
	(void)to;
	(void)flags;
	scratch->found[id] |= scratch->found_bit;
	rule_set_put(&scratch->candidates, scratch->rules->patterns[id].rule);
	return 0;
}

static void scan(struct rules_scratch *scratch, const hs_database_t *database,
		 struct slice text, uint8_t bit)
{
	text = slice_head(text, RULES_TEXT_MAX);
	scratch->found_bit = bit;
	if (database != NULL && text.len > 0)
		rules_scan_check(hs_scan(database, text.ptr, (unsigned)text.len, 0,
					 scratch->scan, on_match, scratch));
}

static enum truth message_pattern_truth(const struct template_context *context,
					const struct pattern *pattern, unsigned found)
{
	if (context->exact && (found & FOUND_MESSAGE) == 0)
		return TRUTH_NO;
	if (context->exact)
		return pattern->prefiltered ? TRUTH_MAYBE : TRUTH_YES;
	if (pattern->constant && (found & FOUND_MESSAGE) != 0 &&
	    (found & FOUND_MASKED) != 0)
		return TRUTH_YES;
	if (context->letters || (found & FOUND_MESSAGE) != 0)
		return TRUTH_MAYBE;
	if (pattern->constant)
		return TRUTH_NO;
	return pattern->relaxed == NULL || (found & FOUND_RELAXED) != 0 ? TRUTH_MAYBE
									: TRUTH_NO;
}

static enum truth template_leaf_truth(void *context_ptr, const struct condition *leaf)
{
	const struct template_context *context = context_ptr;
	enum truth truth = TRUTH_NO;

	switch (leaf->field) {
	case RULE_FIELD_SERVICE:
	case RULE_FIELD_HOST:
	case RULE_FIELD_LEVEL:
	case RULE_FIELD_GROUP:
	case RULE_FIELD_KIND:
		return TRUTH_MAYBE;
	case RULE_FIELD_ATTRIBUTE:
		/* which attributes a record has is part of what its template is */
		return context->alike && record_attribute(context->subject->record,
							  leaf->attribute)
							 .ptr == NULL
			       ? TRUTH_NO
			       : TRUTH_MAYBE;
	case RULE_FIELD_MESSAGE:
		if (leaf->equals.count > 0 && !context->exact)
			truth = TRUTH_MAYBE;
		break;
	case RULE_FIELD_TEMPLATE:
		break;
	}
	if (rule_leaf_equals(context->subject, leaf) && truth == TRUTH_NO)
		return TRUTH_YES;
	for (size_t i = 0; i < leaf->patterns_count; i++) {
		size_t id = leaf->first_pattern + i;
		unsigned found = context->found[id];
		enum truth one = (found & FOUND_TEMPLATE) != 0 ? TRUTH_YES : TRUTH_NO;

		if (one == TRUTH_YES && context->rules->patterns[id].prefiltered)
			one = TRUTH_MAYBE;

		if (leaf->field == RULE_FIELD_MESSAGE)
			one = message_pattern_truth(
				context, &context->rules->patterns[id], found);
		truth = one > truth ? one : truth;
	}
	return truth;
}

/* marks what of its texts the patterns find */
static struct template_context look(const struct rules *rules,
				    struct rules_scratch *scratch,
				    const struct rule_subject *subject, bool alike)
{
	struct slice message = subject->record->body;
	size_t cursor = 0;
	struct slice error_text = { 0 };
	bool beside = rule_subject_error_text(subject, &cursor, &error_text) || !alike;
	struct template_context context = {
		.rules = rules,
		.found = scratch->found,
		.subject = subject,
		.exact = !beside && slice_equal(message, subject->template_text),
		.alike = alike,
	};

	memset(scratch->found, 0, rules->patterns_count * sizeof(*scratch->found));
	context.letters =
		mask_template(&scratch->masked, subject->template_text) || beside ||
		message.len > RULES_TEXT_MAX ||
		(message.len > 0 && memchr(message.ptr, '\n', message.len) != NULL);
	scan(scratch, rules->databases[RULES_EXACT], message, FOUND_MESSAGE);
	scan(scratch, rules->databases[RULES_EXACT], buf_slice(&scratch->masked),
	     FOUND_MASKED);
	scan(scratch, rules->databases[RULES_RELAXED], buf_slice(&scratch->masked),
	     FOUND_RELAXED);
	scan(scratch, rules->databases[RULES_EXACT], subject->template_text,
	     FOUND_TEMPLATE);
	return context;
}

static enum template_kind kind_of(const struct template_context *context)
{
	if (context->exact)
		return TEMPLATE_EXACT;
	return context->letters ? TEMPLATE_OPEN : TEMPLATE_CLOSED;
}

static void judge_rules(const struct rules *rules, const struct rule_set *judged,
			struct template_context *context, struct rule_set *always,
			struct rule_set *maybe)
{
	for (size_t i = 0; i < rules_set_words(rules); i++) {
		for (uint64_t left = judged->bits[i]; left != 0; left &= left - 1) {
			size_t index = i * 64 + (size_t)__builtin_ctzll(left);
			enum truth truth =
				condition_truth(rules->entries[index].match,
						template_leaf_truth, context);

			if (truth == TRUTH_YES)
				rule_set_put(always, index);
			else if (truth == TRUTH_MAYBE)
				rule_set_put(maybe, index);
		}
	}
}

void rules_judge_template(const struct rules *rules, struct rules_scratch *scratch,
			  const struct rule_subject *subject, struct rule_set *always,
			  struct rule_set *maybe)
{
	struct template_context context = { 0 };
	const struct template_verdict *unfound = NULL;
	struct rule_set judged = { 0 };

	scratch->candidates = rules->compared_in_pass_1;
	context = look(rules, scratch, subject, true);
	unfound = &rules->unfound[kind_of(&context)];
	*always = (struct rule_set){ 0 };
	*maybe = (struct rule_set){ 0 };
	for (size_t i = 0; i < rules_set_words(rules); i++) {
		judged.bits[i] = scratch->candidates.bits[i] & ~rules->generic.bits[i];
		always->bits[i] = unfound->always.bits[i] & ~judged.bits[i];
		maybe->bits[i] = unfound->maybe.bits[i] & ~judged.bits[i];
	}
	judge_rules(rules, &judged, &context, always, maybe);
}

/* whether the record itself is looked at, beside its patterns; the depth is bounded by
 * that of the document */
static bool compares(const struct condition *condition)
{
	bool text = condition->field == RULE_FIELD_MESSAGE ||
		    condition->field == RULE_FIELD_TEMPLATE;

	if (condition->kind == CONDITION_LEAF)
		return condition->field == RULE_FIELD_ATTRIBUTE ||
		       (text && condition->equals.count > 0);
	for (const struct condition *child = condition->first_child; child != NULL;
	     child = child->next) {
		if (compares(child))
			return true;
	}
	return false;
}

void rules_sort_unfound(struct rules *rules)
{
	const struct rule_subject nothing = { 0 };
	uint8_t *found = mem_calloc(rules->patterns_count, sizeof(*found));
	struct rule_set judged = { 0 };

	for (size_t i = 0; i < rules->count; i++) {
		if (rules->entries[i].rule.generic)
			continue;
		rule_set_put(compares(rules->entries[i].match)
				     ? &rules->compared_in_pass_1
				     : &judged,
			     i);
	}
	for (int kind = 0; kind < TEMPLATE_KINDS; kind++) {
		struct template_context context = {
			.rules = rules,
			.found = found,
			.subject = &nothing,
			.exact = kind == TEMPLATE_EXACT,
			.alike = true,
			.letters = kind == TEMPLATE_OPEN,
		};

		judge_rules(rules, &judged, &context, &rules->unfound[kind].always,
			    &rules->unfound[kind].maybe);
	}
	mem_free(found);
}

bool rules_may_match(const struct rules *rules, struct rules_scratch *scratch,
		     const struct rule_subject *subject, bool alike, size_t index)
{
	struct template_context context = look(rules, scratch, subject, alike);

	return condition_truth(rules->entries[index].match, template_leaf_truth,
			       &context) != TRUTH_NO;
}
