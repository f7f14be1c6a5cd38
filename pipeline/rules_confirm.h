/* rules_confirm.h - what PCRE2 does for patterns; for rules_*.c only
 *
 * Vectorscan has no look-around, no back-references and no captures. A pattern that it
 * can only prefilter is found when PCRE2 says so too, in the same text; one with named
 * groups - (?<name>...) - gives their values to the evidence.
 *
 * Threads: a struct confirm is immutable and may be shared; data belong to one thread.
 * Owner: rules_confirm_free, rules_confirm_data_free.
 * Limits: CONFIRM_STEPS_MAX steps, CONFIRM_DEPTH_MAX levels and CONFIRM_HEAP_KB of
 * memory a text; beyond, the pattern is not found, which rules_confirm_limited counts.
 *         RULES_CAPTURES_MAX names in a rule.
 */
#ifndef SIFTD_PIPELINE_RULES_CONFIRM_H
#define SIFTD_PIPELINE_RULES_CONFIRM_H

#include "base/arena.h"
#include "base/json_out.h"
#include "pipeline/rules.h"

#define CONFIRM_STEPS_MAX 100000
#define CONFIRM_DEPTH_MAX 5000
#define CONFIRM_HEAP_KB 1024

struct confirm;
struct confirm_data;

/* NULL: PCRE2 refuses it; the error says why and where in the expression */
struct confirm *rules_confirm_new(const char *expression, struct error *error);
void rules_confirm_free(struct confirm **confirm);
size_t rules_confirm_names(const struct confirm *confirm);

struct confirm_data *rules_confirm_data_new(void);
void rules_confirm_data_free(struct confirm_data **data);

bool rules_confirm_found(const struct confirm *confirm, struct confirm_data *data,
			 struct slice text);
/* as rules_confirm_found; members of an object, by name, of the groups that took part
 * and whose name is not in `known`, which gets them */
struct captured_names {
	const char *items[RULES_CAPTURES_MAX];
	size_t count;
};
bool rules_confirm_capture(const struct confirm *confirm, struct confirm_data *data,
			   struct slice text, struct captured_names *known,
			   struct json_out *out);

/* the expression with (?: for (?<name> and (?P<name>, as Vectorscan and the relaxed
 * forms take it; *named: there was one */
struct slice rules_without_names(struct arena *arena, struct slice expression,
				 bool *named);
/* whether it may hold what Vectorscan does not know; false is certain */
bool rules_may_need_confirming(struct slice expression);

#endif
