/* rules_compile.c - from documents to a set of rules that can be judged by */
#include <stdatomic.h>

#include "base/mem.h"
#include "pipeline/rules_databases.h"

int rules_compile_stored(const struct yaml_doc *docs, struct slice image,
			 struct rules **out, struct error *error)
{
	struct rules *rules = mem_calloc(1, sizeof(*rules));
	int result = 0;

	*out = NULL;
	for (; docs != NULL && result == 0; docs = docs->next) {
		if (docs->root != NULL)
			result = rules_parse_document(rules, docs, error);
	}
	if (result == 0)
		result = rules_make_databases(rules, image, error);
	if (result != 0) {
		rules_free(&rules);
		return -1;
	}
	rules_sort(rules);
	rules_sort_unfound(rules);
	for (size_t i = 0; i < rules->patterns_count; i++) {
		rules->patterns[i].doc = NULL;
		rules->patterns[i].node = NULL;
	}
	*out = rules;
	return 0;
}

int rules_compile(const struct yaml_doc *docs, struct rules **out, struct error *error)
{
	return rules_compile_stored(docs, (struct slice){ 0 }, out, error);
}

bool rules_compiled(const struct rules *rules)
{
	return rules->compiled;
}

struct rules *rules_share(struct rules *rules)
{
	(void)atomic_fetch_add(&rules->owners, 1);
	return rules;
}

void rules_free(struct rules **rules_ptr)
{
	struct rules *rules = *rules_ptr;

	*rules_ptr = NULL;
	if (rules == NULL || atomic_fetch_sub(&rules->owners, 1) > 0)
		return;
	(void)hs_free_scratch(rules->scratch); /* NULL is fine; it is idle */
	rules_free_databases(rules->databases);
	for (size_t i = 0; i < rules->patterns_count; i++)
		rules_confirm_free(&rules->patterns[i].confirm);
	arena_deinit(&rules->arena);
	mem_free(rules->entries);
	mem_free(rules->patterns);
	mem_free(rules->targets);
	mem_free(rules->compared);
	mem_free(rules);
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
