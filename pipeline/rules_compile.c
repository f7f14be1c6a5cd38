/* rules_compile.c - all patterns of a set into one Vectorscan database */
#include "base/mem.h"
#include "pipeline/rules_set.h"

#define PATTERN_FLAGS (HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH)

struct expressions {
	const char **texts;
	unsigned *flags;
	unsigned *ids;
	unsigned count;
};

static void expressions_init(struct expressions *expressions, size_t capacity)
{
	*expressions = (struct expressions){
		.texts = mem_calloc(capacity, sizeof(*expressions->texts)),
		.flags = mem_calloc(capacity, sizeof(*expressions->flags)),
		.ids = mem_calloc(capacity, sizeof(*expressions->ids)),
	};
}

static void expressions_deinit(struct expressions *expressions)
{
	mem_free(expressions->texts);
	mem_free(expressions->flags);
	mem_free(expressions->ids);
}

/* line anchors cost speed in patterns that have none, too */
static unsigned line_flag(const char *text)
{
	return strpbrk(text, "^$") != NULL ? HS_FLAG_MULTILINE : 0;
}

static void expressions_add(struct expressions *expressions, const char *text,
			    unsigned flags, size_t id)
{
	expressions->texts[expressions->count] = text;
	expressions->flags[expressions->count] = flags | line_flag(text);
	expressions->ids[expressions->count++] = (unsigned)id;
}

static hs_error_t compile(const struct expressions *expressions,
			  hs_database_t **database, hs_compile_error_t **problem)
{
	return hs_compile_multi(expressions->texts, expressions->flags,
				expressions->ids, expressions->count, HS_MODE_BLOCK,
				NULL, database, problem);
}

static int fail_compile(const struct rules *rules, const hs_compile_error_t *problem,
			struct error *error)
{
	const struct pattern *pattern = NULL;

	if (problem->expression < 0)
		return error_set(error, "rules: %s", problem->message);
	pattern = &rules->patterns[problem->expression];
	return yaml_error(pattern->doc, pattern->node, error,
			  "rule %s: pattern \"%.100s\": %s",
			  rules->entries[pattern->rule].rule.id, pattern->expression,
			  problem->message);
}

static int compile_patterns(struct rules *rules, struct error *error)
{
	struct expressions expressions = { 0 };
	hs_compile_error_t *problem = NULL;
	int result = 0;

	expressions_init(&expressions, rules->patterns_count);
	for (size_t i = 0; i < rules->patterns_count; i++)
		expressions_add(&expressions, rules->patterns[i].expression,
				PATTERN_FLAGS, i);
	if (compile(&expressions, &rules->database, &problem) != HS_SUCCESS) {
		result = fail_compile(rules, problem, error);
		(void)hs_free_compile_error(problem); /* cannot fail on its own error */
	}
	expressions_deinit(&expressions);
	return result;
}

/* Relaxed expressions only save work: without them templates are judged less often by
 * their text alone, so a failure here is none of the rule set. */
static void compile_relaxed(struct rules *rules)
{
	struct expressions expressions = { 0 };
	hs_compile_error_t *problem = NULL;

	expressions_init(&expressions, rules->patterns_count);
	for (size_t i = 0; i < rules->patterns_count; i++) {
		if (rules->patterns[i].relaxed != NULL)
			expressions_add(&expressions, rules->patterns[i].relaxed,
					PATTERN_FLAGS | HS_FLAG_ALLOWEMPTY, i);
	}
	if (expressions.count > 0 &&
	    compile(&expressions, &rules->relaxed, &problem) != HS_SUCCESS) {
		(void)hs_free_compile_error(problem); /* see above */
		for (size_t i = 0; i < rules->patterns_count; i++)
			rules->patterns[i].relaxed = NULL;
	}
	expressions_deinit(&expressions);
}

static int compile_databases(struct rules *rules, struct error *error)
{
	if (rules->patterns_count == 0)
		return 0;
	if (hs_valid_platform() != HS_SUCCESS)
		return error_set(error, "rules: this processor lacks the vector "
					"instructions that Vectorscan needs");
	if (compile_patterns(rules, error) != 0)
		return -1;
	compile_relaxed(rules);
	if (hs_alloc_scratch(rules->database, &rules->scratch) != HS_SUCCESS ||
	    (rules->relaxed != NULL &&
	     hs_alloc_scratch(rules->relaxed, &rules->scratch) != HS_SUCCESS))
		return error_set(error, "rules: no memory to scan in");
	return 0;
}

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

static void sort_rules(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];

		rule_set_put(&rules->all, i);
		if (entry->rule.generic)
			rule_set_put(&rules->generic, i);
		else if (entry->rule.window.type == WINDOW_NONE)
			rule_set_put(&rules->specific, i);
		if (condition_truth(entry->match, truth_without_hits, NULL) != TRUTH_NO)
			rule_set_put(&rules->unscanned, i);
		if (condition_truth(entry->match, truth_without_hits_bare, NULL) !=
		    TRUTH_NO)
			rule_set_put(&rules->unscanned_bare, i);
	}
}

int rules_compile(const struct yaml_doc *docs, struct rules **out, struct error *error)
{
	struct rules *rules = mem_calloc(1, sizeof(*rules));
	int result = 0;

	*out = NULL;
	for (; docs != NULL && result == 0; docs = docs->next) {
		if (docs->root != NULL)
			result = rules_parse_document(rules, docs, error);
	}
	if (result == 0)
		result = compile_databases(rules, error);
	if (result != 0) {
		rules_free(&rules);
		return -1;
	}
	sort_rules(rules);
	for (size_t i = 0; i < rules->patterns_count; i++) {
		rules->patterns[i].doc = NULL;
		rules->patterns[i].node = NULL;
	}
	*out = rules;
	return 0;
}

void rules_free(struct rules **rules_ptr)
{
	struct rules *rules = *rules_ptr;

	if (rules == NULL)
		return;
	(void)hs_free_scratch(rules->scratch);   /* NULL is fine; it is idle */
	(void)hs_free_database(rules->database); /* NULL is fine */
	(void)hs_free_database(rules->relaxed);  /* NULL is fine */
	arena_deinit(&rules->arena);
	mem_free(rules->entries);
	mem_free(rules->patterns);
	mem_free(rules->targets);
	mem_free(rules);
	*rules_ptr = NULL;
}

size_t rules_count(const struct rules *rules)
{
	return rules->count;
}

const struct rule *rules_get(const struct rules *rules, size_t index)
{
	return &rules->entries[index].rule;
}

enum finding_severity rule_severity(const struct rule *rule, enum severity level)
{
	if (!rule->generic)
		return rule->severity;
	return level == SEVERITY_CRITICAL ? FINDING_CRIT : FINDING_HIGH;
}
