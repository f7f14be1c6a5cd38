/* rules.h - what a rule is, and judging records by a compiled set of rules
 *
 * Threads: a struct rules is immutable after compiling and may be shared; a
 *          rules_scratch belongs to one thread.
 * Owner: rules_free; scratch before rules.
 * Limits: RULES_MAX rules in a set, RULES_PATTERN_MAX bytes in a pattern; beyond: an
 *         error. An image of more than RULES_IMAGE_MAX bytes is not made, nor read.
 *         Scanned text is cut at RULES_TEXT_MAX bytes. A rule has RULES_CAPTURES_MAX
 *named groups.
 *
 * Compiling takes a second of processor time for the shipped rules: their compiled form
 * can be kept as an image, which is used only where it fits (docs/rules.md).
 *
 * A rule file holds one YAML document a rule; docs/rules.md describes the language.
 *
 * Judging in two passes gives what judging every event would give, for less: pass 1
 * looks once at a template, and settles what its constant text decides for all its
 * events; pass 2 looks at the events that are left, and at all of level ERROR or above.
 *
 *	rules_judge_template(rules, scratch, &subject, &always, &maybe);  (new template)
 *	rules_judge_event(rules, scratch, &subject, &maybe, &matched);    (each event)
 *	rule_set_add(&matched, &always);
 */
#ifndef SIFTD_PIPELINE_RULES_H
#define SIFTD_PIPELINE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/yaml.h"
#include "pipeline/record.h"

#define RULES_MAX 2048
#define RULES_TEXT_MAX ((size_t)64 * 1024)
#define RULES_PATTERN_MAX 1024
#define RULES_IMAGE_MAX ((size_t)64 << 20)
#define RULES_CAPTURES_MAX 8

enum finding_severity { FINDING_LOW, FINDING_MED, FINDING_HIGH, FINDING_CRIT };

/* MESSAGE: patterns are also looked for in the error texts that structured records
 * carry beside the message (error, exception, stack_trace, ...) */
enum rule_field {
	RULE_FIELD_MESSAGE,
	RULE_FIELD_TEMPLATE,
	RULE_FIELD_SERVICE,
	RULE_FIELD_HOST,
	RULE_FIELD_LEVEL,
	RULE_FIELD_ATTRIBUTE,
	RULE_FIELD_GROUP,
	RULE_FIELD_KIND /* of the record's format: json, logfmt, access, ... */
};

/* what makes a rule fire; docs/rules.md tells of each */
enum window_type {
	WINDOW_NONE, /* every match */
	WINDOW_THRESHOLD,
	WINDOW_SPIKE,
	WINDOW_RATE_RATIO,
	WINDOW_CARDINALITY,
	WINDOW_SEQUENCE,
	WINDOW_NEW_GROUP,
	WINDOW_FLATLINE,
	WINDOW_TYPES
};

struct rule_window {
	enum window_type type;
	int64_t span_us; /* length of the window */
	uint64_t count;  /* at least so many events, or values, in the span */
	uint64_t
		factor_ppm; /* spike: of the baseline; rate_ratio: of all; millionths */
	int64_t baseline_us; /* spike: what came before; new_group: the time to learn */
	enum rule_field field;  /* cardinality: whose values are counted */
	struct slice attribute; /* its name, when the field is ATTRIBUTE */
};

struct rule {
	const char *id;
	const char *title;
	const char *description;
	enum finding_severity severity;
	uint8_t confidence; /* percent */
	bool generic;       /* only where no specific rule matched, and from ERROR on */
	const char *const *first_checks; /* what to look at first */
	size_t first_checks_count;
	const char *const *references; /* where the software's makers explain it */
	size_t references_count;
	struct rule_window window;
	enum rule_field
		group_by;             /* key of the finding and window; GROUP: by group;
					 TEMPLATE is not allowed; default: none (one per rule) */
	struct slice group_attribute; /* its name, when group_by is ATTRIBUTE */
	bool grouped;
	int64_t quiet_us; /* an episode ends when it was quiet for longer */
	/* of the other events of a window (`of`, `then`): the rule that they belong to
	 * is the one before it in the set */
	bool is_partner;
	bool captures; /* named groups of its patterns go into the evidence */
};

/* a set of rule indexes */
struct rule_set {
	uint64_t bits[RULES_MAX / 64];
};

/* "threshold"; "" for none */
const char *window_type_name(enum window_type type);

struct rules;
struct rules_scratch;

/* what a rule looks at */
struct rule_subject {
	const struct record *record;
	struct slice template_text;
};

/* docs: every document of every file, in order; the error has file:line:column */
MUST_CHECK int rules_compile(const struct yaml_doc *docs, struct rules **out,
			     struct error *error);
/* As rules_compile, but compiles only where the image, of rules_image, is of other
 * expressions, another Vectorscan or another kind of processor, damaged or empty */
MUST_CHECK int rules_compile_stored(const struct yaml_doc *docs, struct slice image,
				    struct rules **out, struct error *error);
/* false: the image was used */
bool rules_compiled(const struct rules *rules);
/* appends the compiled form; nothing when it is larger than RULES_IMAGE_MAX */
void rules_image(const struct rules *rules, struct buf *out);
/* the documents of all *.yaml of a folder, by name, for yaml_docs_free; none is an
 * error */
MUST_CHECK int rules_read_folder(const char *path, struct yaml_doc **out,
				 struct error *error);
/* compiles what rules_read_folder reads */
MUST_CHECK int rules_load_folder(const char *path, struct rules **out,
				 struct error *error);
/* one more owner of the same set; any thread */
struct rules *rules_share(struct rules *rules);
/* of the last owner: frees */
void rules_free(struct rules **rules);
size_t rules_count(const struct rules *rules);
const struct rule *rules_get(const struct rules *rules, size_t index);

struct rules_scratch *rules_scratch_new(const struct rules *rules);
void rules_scratch_free(struct rules_scratch **scratch);

/* pass 1, once per template: `always` - rules that every event of the template matches,
 * as only constant text decides; `maybe` - rules that must be judged on each event.
 * The subject is the template's first record. Generic rules are in neither. */
void rules_judge_template(const struct rules *rules, struct rules_scratch *scratch,
			  const struct rule_subject *subject, struct rule_set *always,
			  struct rule_set *maybe);
/* pass 2, per event: those of `maybe` that match; for ERROR and above all rules are
 * judged, the generic ones included (severity by level: rule_severity) */
void rules_judge_event(const struct rules *rules, struct rules_scratch *scratch,
		       const struct rule_subject *subject, const struct rule_set *maybe,
		       struct rule_set *matched);
/* As rules_judge_template of one rule, generic or not: false only when no event of the
 * template can match. alike: all its records have the attributes of the subject's */
bool rules_may_match(const struct rules *rules, struct rules_scratch *scratch,
		     const struct rule_subject *subject, bool alike, size_t index);
/* whether the rule's condition holds for the event, whatever other rules say; of a
 * generic rule that no specific one does is for the caller to see */
bool rules_match_one(const struct rules *rules, struct rules_scratch *scratch,
		     const struct rule_subject *subject, size_t index);
/* whether pass 2 of these looks at the template's text: the subject needs it then only
 */
bool rules_want_template(const struct rules *rules, const struct rule_set *maybe);
/* As rules_judge_event. True: it says the same of every record that differs from this
 * one only in the values of digits in its texts; the template text, if any, included */
bool rules_judge_shape(const struct rules *rules, struct rules_scratch *scratch,
		       const struct rule_subject *subject, const struct rule_set *maybe,
		       struct rule_set *matched);
/* is called for each case that fails; text is a sentence that names rule and line */
typedef void rules_failure_fn(void *context, const char *text);
/* runs every rule's own should and should-not cases, both passes; returns how many
 * failed. A case matches where its rule does, whatever else matches too: a generic rule
 * counts although a specific one goes before it. */
size_t rules_test(const struct rules *rules, size_t *cases, rules_failure_fn *failed,
		  void *context);

/* a generic rule's follows the event's level: CRIT for CRITICAL, else HIGH */
enum finding_severity rule_severity(const struct rule *rule, enum severity level);

static inline bool rule_set_has(const struct rule_set *set, size_t index)
{
	return (set->bits[index / 64] >> (index % 64) & 1) != 0;
}

static inline void rule_set_put(struct rule_set *set, size_t index)
{
	set->bits[index / 64] |= UINT64_C(1) << (index % 64);
}

static inline void rule_set_add(struct rule_set *set, const struct rule_set *more)
{
	for (size_t i = 0; i < RULES_MAX / 64; i++)
		set->bits[i] |= more->bits[i];
}

/* Appends what the named groups of the rule's patterns hold in an event that it
 * matched, as a JSON object; nothing where none took part. Of a name the first pattern
 * with it counts; values are cut at 256 bytes. */
void rules_capture(const struct rules *rules, size_t index,
		   const struct rule_subject *subject, struct buf *out);
/* texts in which a pattern was not found since PCRE2 reached its limits; any thread */
uint64_t rules_confirm_limited(void);

const char *finding_severity_name(enum finding_severity severity);

#endif
