/* rules_reader.h - what the readers of a rule document share; for rules_*.c only
 *
 * Each returns 0 or -1 (NULL for conditions) with the error filled.
 */
#ifndef SIFTD_PIPELINE_RULES_READER_H
#define SIFTD_PIPELINE_RULES_READER_H

#include "pipeline/rules_set.h"

struct rule_reader {
	struct rules *rules;
	struct rule_entry *entry; /* the rule being read */
	const struct yaml_doc *doc;
	struct error *error;
};

/* "unknown key ..., did you mean ...?"; always -1 */
int rule_reader_unknown_key(const struct rule_reader *reader,
			    const struct yaml_node *node, const char *const *known,
			    size_t count);
/* it must be a mapping of known keys */
MUST_CHECK int rule_reader_check_keys(const struct rule_reader *reader,
				      const struct yaml_node *node,
				      const char *const *known, size_t count);
/* copied; NUL-terminated, without a NUL inside */
MUST_CHECK int rule_reader_text(const struct rule_reader *reader,
				const struct yaml_node *node, struct slice *out);
/* a text, or a list of texts */
MUST_CHECK int rule_reader_texts(const struct rule_reader *reader,
				 const struct yaml_node *node, struct slices *out);
/* false when no field has that name; the attribute borrows from it */
bool rule_reader_field(struct slice name, enum rule_field *field,
		       struct slice *attribute);
/* window: {type: ..., ...} */
MUST_CHECK int rule_reader_window(const struct rule_reader *reader,
				  const struct yaml_node *node);
/* its `of` or `then`; every event where there is no `of` */
struct condition *rule_reader_partner(const struct rule_reader *reader,
				      const struct yaml_node *window);
/* a mapping of conditions, all of which must hold */
struct condition *rule_reader_match(const struct rule_reader *reader,
				    const struct yaml_node *node);
/* one that holds for every event */
struct condition *rule_reader_always(const struct rule_reader *reader);

#endif
