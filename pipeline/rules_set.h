/* rules_set.h - inside a compiled set of rules; for the rules_*.c files only
 *
 * A rule's condition is a tree. Its leaves look at one field each, by equality, and by
 * patterns that one Vectorscan database holds for all rules together.
 *
 *	rule -> condition ALL -> ANY -> LEAF message  (patterns 0..5)
 *	                      -> NOT -> LEAF service  (equals)
 */
#ifndef SIFTD_PIPELINE_RULES_SET_H
#define SIFTD_PIPELINE_RULES_SET_H

#include <hs/hs.h>

#include "base/arena.h"
#include "pipeline/rules.h"
#include "pipeline/rules_confirm.h"

enum condition_kind { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT, CONDITION_LEAF };

struct slices {
	struct slice *items;
	size_t count;
};

/* a text of an event that patterns are scanned for */
struct scan_target {
	enum rule_field field;
	struct slice attribute;
	struct rule_set rules; /* that have patterns for it */
};

struct condition {
	enum condition_kind kind;
	struct condition *first_child;
	struct condition *next;
	/* a leaf */
	enum rule_field field;
	struct slice attribute;
	struct slices equals;
	unsigned levels; /* bit by enum severity */
	size_t index;    /* among the leaves of the set */
	size_t first_pattern;
	size_t patterns_count;
};

struct pattern {
	const char *expression;
	/* an expression that also matches where a placeholder of a template stands for
	 * digits; NULL when none could be made */
	const char *relaxed;
	/* an expression that also matches where other digits stand; NULL when none
	 * could be made, the same text when the values of digits do not matter to it */
	const char *widened;
	bool even; /* they do not */
	/* PCRE2's form of it: to confirm, or for its named groups; else NULL */
	struct confirm *confirm;
	bool prefiltered; /* Vectorscan finds more than it matches: PCRE2 confirms */
	bool constant;    /* only letters, blanks and signs can satisfy it */
	size_t target;
	size_t leaf;
	size_t rule;
	const struct yaml_doc *doc; /* while compiling */
	const struct yaml_node *node;
};

struct rule_entry {
	struct rule rule; /* first: what rules_get shows */
	struct condition *match;
	/* rules_key_bit of the attributes by which it may be true although no pattern
	 * is found; 0: there are none, or it may be without them too */
	uint64_t attribute_keys;
	size_t first_pattern, patterns_count; /* of all its leaves */
	size_t captures_count;
	struct slices should;
	struct slices should_not;
};

/* what a set's expressions are compiled to */
enum rules_database {
	RULES_EXACT,   /* absent when there are no patterns */
	RULES_RELAXED, /* absent when none has a relaxed expression */
	RULES_WIDENED, /* of those that are not even; absent when there are none */
	RULES_DATABASES
};

/* what can be said of a template that no pattern is found in */
enum template_kind {
	TEMPLATE_EXACT,  /* it has no variables */
	TEMPLATE_CLOSED, /* no variable may hold letters */
	TEMPLATE_OPEN,
	TEMPLATE_KINDS
};

struct template_verdict {
	struct rule_set always;
	struct rule_set maybe;
};

/* identifies what the databases are compiled from */
struct rules_key {
	uint64_t words[2];
};

struct rules {
	_Atomic unsigned owners; /* beyond the first */
	struct arena arena;      /* all texts, conditions */
	struct rule_entry *entries;
	size_t count, capacity;
	struct pattern *patterns;
	size_t patterns_count, patterns_capacity;
	struct scan_target *targets;
	size_t targets_count, targets_capacity;
	/* texts that rules compare with one that holds digits */
	struct scan_target *compared;
	size_t compared_count, compared_capacity;
	size_t leaves_count;
	bool confirms; /* a pattern has a form for PCRE2 */
	struct rule_set all;
	struct rule_set generic;
	struct rule_set specific; /* an event that one matches needs no generic one;
				     a windowed rule says nothing of one event */
	/* may be true although no pattern is found, and the event has no attributes */
	struct rule_set unscanned_bare;
	uint64_t attribute_keys;    /* of all entries */
	struct rule_set templated;  /* that look at the template's text */
	struct rule_set attributed; /* that name an attribute */
	struct rule_set narrow;     /* with a pattern that could not be widened */
	struct rule_set compared_in_pass_1; /* with more than patterns; not generic */
	struct template_verdict unfound[TEMPLATE_KINDS]; /* of all others */
	hs_database_t *databases[RULES_DATABASES];       /* NULL: absent */
	struct rules_key key;
	bool compiled;         /* the databases were; else they are from an image */
	hs_scratch_t *scratch; /* fits all; cloned for each thread */
};

/* appends the rule of one document */
MUST_CHECK int rules_parse_document(struct rules *rules, const struct yaml_doc *doc,
				    struct error *error);

/* fills the sets of rules, when all are compiled */
void rules_sort(struct rules *rules);
/* then what pass 1 says where it finds nothing */
void rules_sort_unfound(struct rules *rules);

/* the expression for a whole word or phrase: blanks stand for any run of blanks,
 * `_` and `-` */
struct slice pattern_of_words(struct arena *arena, struct slice words);
bool pattern_is_constant(struct slice expression);
/* see struct pattern; ptr NULL when the expression is beyond what it understands */
struct slice pattern_relax(struct arena *arena, struct slice expression);

/* see struct pattern; ptr NULL when the expression is beyond what it understands */
struct slice pattern_widen(struct arena *arena, struct slice expression);

/* false, unknown or true, ordered; what a tree can say before all leaves are known */
enum truth { TRUTH_NO, TRUTH_MAYBE, TRUTH_YES };

/* what a leaf says */
typedef enum truth leaf_truth_fn(void *context, const struct condition *leaf);

enum truth condition_truth(const struct condition *condition, leaf_truth_fn *leaf_truth,
			   void *context);

#endif
