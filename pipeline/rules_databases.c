/* rules_databases.c - all patterns of a set into one Vectorscan database, and what
 * saves work beside it
 *
 * Databases are compiled for the least processor that Vectorscan runs on, so that an
 * image fits every one of its architecture. It costs no speed: scanning log lines took
 * 0.90 to 0.98 of the time of databases compiled for AVX2, on a processor that has it.
 */
#include "pipeline/rules_databases.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash64.h"
#include "base/mem.h"

#define PATTERN_FLAGS (HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH)

#if defined(__x86_64__)
#define ARCHITECTURE "x86-64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#elif defined(__powerpc64__)
#define ARCHITECTURE "ppc64"
#else
#define ARCHITECTURE "other"
#endif

struct expressions {
	const char **texts;
	unsigned *flags;
	unsigned *ids;
	unsigned count;
};

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

static const char *expression_of(const struct pattern *pattern,
				 enum rules_database database)
{
	if (database == RULES_EXACT)
		return pattern->expression;
	if (database == RULES_RELAXED)
		return pattern->relaxed;
	return pattern->even ? NULL : pattern->widened;
}

static void expressions_init(struct expressions *expressions, const struct rules *rules,
			     enum rules_database database)
{
	size_t capacity = rules->patterns_count;
	unsigned flags = PATTERN_FLAGS;

	if (database == RULES_RELAXED)
		flags |= HS_FLAG_ALLOWEMPTY;
	*expressions = (struct expressions){
		.texts = mem_calloc(capacity, sizeof(*expressions->texts)),
		.flags = mem_calloc(capacity, sizeof(*expressions->flags)),
		.ids = mem_calloc(capacity, sizeof(*expressions->ids)),
	};
	for (size_t i = 0; i < capacity; i++) {
		const char *text = expression_of(&rules->patterns[i], database);
		unsigned at = expressions->count;

		if (text == NULL)
			continue;
		expressions->texts[at] = text;
		expressions->flags[at] = flags | line_flag(text);
		if (database == RULES_EXACT && rules->patterns[i].prefiltered)
			expressions->flags[at] |= HS_FLAG_PREFILTER;
		expressions->ids[at] = (unsigned)i;
		expressions->count++;
	}
}

static const hs_platform_info_t least_platform = { .tune = HS_TUNE_FAMILY_GENERIC };

static hs_error_t compile(const struct expressions *expressions,
			  hs_database_t **database, hs_compile_error_t **problem)
{
	return hs_compile_multi(expressions->texts, expressions->flags,
				expressions->ids, expressions->count, HS_MODE_BLOCK,
				&least_platform, database, problem);
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

/* Relaxed and widened expressions only save work: without them events are judged less
 * often by what they share, so a failure there is none of the rule set. */
static int compile_all(struct rules *rules,
		       const struct expressions expressions[RULES_DATABASES],
		       struct error *error)
{
	for (size_t i = 0; i < RULES_DATABASES; i++) {
		hs_compile_error_t *problem = NULL;
		int result = 0;

		if (expressions[i].count == 0 ||
		    compile(&expressions[i], &rules->databases[i], &problem) ==
			    HS_SUCCESS)
			continue;
		if (i == RULES_EXACT)
			result = fail_compile(rules, problem, error);
		(void)hs_free_compile_error(problem); /* cannot fail on its own error */
		if (result != 0)
			return -1;
	}
	return 0;
}

/* what the compiler is given, and which compiler it is */
static struct rules_key key_of(const struct expressions expressions[RULES_DATABASES])
{
	struct rules_key key = { 0 };
	struct buf input = { 0 };

	buf_printf(&input, ARCHITECTURE " %s tune=%u features=%llu\n", hs_version(),
		   least_platform.tune, least_platform.cpu_features);
	for (size_t i = 0; i < RULES_DATABASES; i++) {
		buf_append_u32(&input, expressions[i].count);
		for (unsigned at = 0; at < expressions[i].count; at++) {
			buf_append_u32(&input, expressions[i].flags[at]);
			buf_append_u32(&input, expressions[i].ids[at]);
			buf_append_str(&input, expressions[i].texts[at]);
			buf_append_char(&input, '\0');
		}
	}
	key.words[0] = hash64(buf_slice(&input), 0);
	key.words[1] = hash64(buf_slice(&input), 1);
	buf_deinit(&input);
	return key;
}

static void mark_even(struct rules *rules)
{
	for (size_t i = 0; i < rules->patterns_count; i++) {
		struct pattern *pattern = &rules->patterns[i];

		pattern->even = pattern->widened != NULL &&
				strcmp(pattern->widened, pattern->expression) == 0;
	}
}

/* an expression says that it was compiled: of a database that is absent, none was */
static void drop_uncompiled(struct rules *rules,
			    const struct expressions expressions[RULES_DATABASES])
{
	for (size_t i = 0; i < rules->patterns_count; i++) {
		if (rules->databases[RULES_RELAXED] == NULL)
			rules->patterns[i].relaxed = NULL;
		if (rules->databases[RULES_WIDENED] == NULL &&
		    expressions[RULES_WIDENED].count > 0)
			rules->patterns[i].widened = NULL;
	}
}

static int alloc_scratch(struct rules *rules, struct error *error)
{
	for (size_t i = 0; i < RULES_DATABASES; i++) {
		if (rules->databases[i] != NULL &&
		    hs_alloc_scratch(rules->databases[i], &rules->scratch) !=
			    HS_SUCCESS)
			return error_set(error, "rules: no memory to scan in");
	}
	return 0;
}

/* a description that the caller frees with hs_free_compile_error, or NULL */
static hs_compile_error_t *complaint(const char *expression, unsigned flags)
{
	hs_compile_error_t *problem = NULL;
	hs_expr_info_t *info = NULL;

	if (hs_expression_info(expression, flags, &info, &problem) == HS_SUCCESS)
		free(info); /* by the library's default allocator */
	return problem;
}

bool rules_is_beyond_vectorscan(const char *expression)
{
	hs_compile_error_t *problem =
		complaint(expression, PATTERN_FLAGS | line_flag(expression));
	bool beyond = problem != NULL;

	(void)hs_free_compile_error(problem); /* NULL is fine */
	return beyond;
}

int rules_make_databases(struct rules *rules, struct slice image, struct error *error)
{
	struct expressions expressions[RULES_DATABASES] = { 0 };
	int result = 0;

	if (rules->patterns_count == 0)
		return 0;
	if (hs_valid_platform() != HS_SUCCESS)
		return error_set(error, "rules: this processor lacks the vector "
					"instructions that Vectorscan needs");
	mark_even(rules);
	for (size_t i = 0; i < RULES_DATABASES; i++)
		expressions_init(&expressions[i], rules, (enum rules_database)i);
	rules->key = key_of(expressions);
	rules->compiled = !rules_image_read(image, &rules->key, rules->databases);
	if (rules->compiled)
		result = compile_all(rules, expressions, error);
	if (result == 0) {
		drop_uncompiled(rules, expressions);
		result = alloc_scratch(rules, error);
	}
	for (size_t i = 0; i < RULES_DATABASES; i++)
		expressions_deinit(&expressions[i]);
	return result;
}
