/* rules_compile.c - all patterns of a set into one Vectorscan database */
#include <string.h>

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

/* Relaxed and widened expressions only save work: without them events are judged less
 * often by what they share, so a failure here is none of the rule set. */
static bool compile_helping(const struct expressions *expressions,
			    hs_database_t **database)
{
	hs_compile_error_t *problem = NULL;

	if (expressions->count == 0 ||
	    compile(expressions, database, &problem) == HS_SUCCESS)
		return true;
	(void)hs_free_compile_error(problem); /* see fail_compile */
	return false;
}

static void compile_relaxed(struct rules *rules)
{
	struct expressions expressions = { 0 };

	expressions_init(&expressions, rules->patterns_count);
	for (size_t i = 0; i < rules->patterns_count; i++) {
		if (rules->patterns[i].relaxed != NULL)
			expressions_add(&expressions, rules->patterns[i].relaxed,
					PATTERN_FLAGS | HS_FLAG_ALLOWEMPTY, i);
	}
	if (!compile_helping(&expressions, &rules->relaxed)) {
		for (size_t i = 0; i < rules->patterns_count; i++)
			rules->patterns[i].relaxed = NULL;
	}
	expressions_deinit(&expressions);
}

static void compile_widened(struct rules *rules)
{
	struct expressions expressions = { 0 };

	expressions_init(&expressions, rules->patterns_count);
	for (size_t i = 0; i < rules->patterns_count; i++) {
		struct pattern *pattern = &rules->patterns[i];

		pattern->even = pattern->widened != NULL &&
				strcmp(pattern->widened, pattern->expression) == 0;
		if (pattern->widened != NULL && !pattern->even)
			expressions_add(&expressions, pattern->widened, PATTERN_FLAGS,
					i);
	}
	if (!compile_helping(&expressions, &rules->widened)) {
		for (size_t i = 0; i < rules->patterns_count; i++)
			rules->patterns[i].widened = NULL;
	}
	expressions_deinit(&expressions);
}

static int alloc_scratch(struct rules *rules, struct error *error)
{
	const hs_database_t *const databases[] = { rules->database, rules->relaxed,
						   rules->widened };

	for (size_t i = 0; i < ARRAY_LEN(databases); i++) {
		if (databases[i] != NULL &&
		    hs_alloc_scratch(databases[i], &rules->scratch) != HS_SUCCESS)
			return error_set(error, "rules: no memory to scan in");
	}
	return 0;
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
	compile_widened(rules);
	return alloc_scratch(rules, error);
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
	rules_sort(rules);
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
	(void)hs_free_database(rules->widened);  /* NULL is fine */
	arena_deinit(&rules->arena);
	mem_free(rules->entries);
	mem_free(rules->patterns);
	mem_free(rules->targets);
	mem_free(rules->compared);
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
