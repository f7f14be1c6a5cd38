/* rules_parse_match.c - from the `match` part of a rule to its condition tree */
#include "base/mem.h"
#include "pipeline/rules_databases.h"
#include "pipeline/rules_reader.h"

static const char *const leaf_keys[] = { "words", "regex", "equals" };
static const char *const match_keys[] = { "any",      "all",        "not",  "message",
					  "template", "service",    "host", "level",
					  "kind",     "attributes." };

static int read_levels(const struct rule_reader *reader, const struct yaml_node *node,
		       struct condition *leaf)
{
	for (size_t i = 0; i < leaf->equals.count; i++) {
		unsigned bit = 0;

		for (int level = SEVERITY_TRACE; level < SEVERITY_COUNT; level++) {
			const char *name = severity_name((enum severity)level);

			if (slice_equal_nocase(leaf->equals.items[i], slice_str(name)))
				bit = 1U << level;
		}
		if (bit == 0)
			return yaml_error(reader->doc, node, reader->error,
					  "a level is TRACE, DEBUG, INFO, NOTICE, "
					  "WARN, ERROR or CRITICAL");
		leaf->levels |= bit;
	}
	return 0;
}

static size_t find_target(struct rules *rules, const struct condition *leaf)
{
	struct scan_target *target = NULL;

	for (size_t i = 0; i < rules->targets_count; i++) {
		target = &rules->targets[i];
		if (target->field == leaf->field &&
		    slice_equal(target->attribute, leaf->attribute))
			return i;
	}
	mem_grow(&rules->targets, &rules->targets_capacity, rules->targets_count,
		 sizeof(*rules->targets));
	target = &rules->targets[rules->targets_count];
	*target = (struct scan_target){ .field = leaf->field,
					.attribute = leaf->attribute };
	return rules->targets_count++;
}

/* what Vectorscan cannot match, or whose named groups are wanted, PCRE2 reads too;
 * names are dropped from what all else reads */
static int add_confirm(const struct rule_reader *reader, struct pattern *pattern)
{
	struct slice written = slice_str(pattern->expression);
	struct error why = { 0 };
	bool named = false;
	struct slice plain =
		rules_without_names(&reader->rules->arena, written, &named);

	pattern->expression = plain.ptr;
	pattern->prefiltered = rules_may_need_confirming(plain) &&
			       rules_is_beyond_vectorscan(plain.ptr);
	if (!named && !pattern->prefiltered)
		return 0;
	pattern->confirm = rules_confirm_new(written.ptr, &why);
	if (pattern->confirm == NULL)
		return yaml_error(reader->doc, pattern->node, reader->error,
				  "pattern \"%.100s\": %s", written.ptr, why.text);
	reader->entry->captures_count += rules_confirm_names(pattern->confirm);
	reader->entry->rule.captures |= named;
	reader->rules->confirms = true;
	if (reader->entry->captures_count > RULES_CAPTURES_MAX)
		return yaml_error(reader->doc, pattern->node, reader->error,
				  "a rule has at most %d named groups",
				  RULES_CAPTURES_MAX);
	return 0;
}

static int add_pattern(const struct rule_reader *reader, struct condition *leaf,
		       struct slice expression, const struct yaml_node *node)
{
	struct rules *rules = reader->rules;
	size_t target = find_target(rules, leaf);
	struct pattern *pattern = NULL;

	mem_grow(&rules->patterns, &rules->patterns_capacity, rules->patterns_count,
		 sizeof(*rules->patterns));
	pattern = &rules->patterns[rules->patterns_count++];
	*pattern = (struct pattern){
		.expression = expression.ptr,
		.target = target,
		.leaf = leaf->index,
		.rule = rules->count,
		.doc = reader->doc,
		.node = node,
	};
	rule_set_put(&rules->targets[target].rules, rules->count);
	leaf->patterns_count++;
	reader->entry->patterns_count++;
	if (add_confirm(reader, pattern) < 0)
		return -1;
	if (pattern->prefiltered)
		return 0;
	expression = slice_str(pattern->expression);
	pattern->constant = pattern_is_constant(expression);
	if (!pattern->constant)
		pattern->relaxed = pattern_relax(&rules->arena, expression).ptr;
	pattern->widened = pattern_widen(&rules->arena, expression).ptr;
	return 0;
}

/* of the text at this place of a list, or the only one */
static const struct yaml_node *node_at(const struct yaml_node *node, size_t place)
{
	const struct yaml_node *child = node->first_child;

	if (node->kind == YAML_SCALAR)
		return node;
	while (place-- > 0)
		child = child->next;
	return child;
}

static int read_patterns(const struct rule_reader *reader, const struct yaml_node *node,
			 struct condition *leaf)
{
	bool words = slice_equal(node->key, SLICE("words"));
	struct slices texts = { 0 };

	if (rule_reader_texts(reader, node, &texts) != 0)
		return -1;
	if (leaf->field == RULE_FIELD_LEVEL)
		return yaml_error(reader->doc, node, reader->error,
				  "level takes only equals");
	for (size_t i = 0; i < texts.count; i++) {
		struct slice text = texts.items[i];

		if (text.len > RULES_PATTERN_MAX)
			return yaml_error(reader->doc, node, reader->error,
					  "a pattern has at most %d bytes",
					  RULES_PATTERN_MAX);
		if (words)
			text = pattern_of_words(&reader->rules->arena, text);
		if (add_pattern(reader, leaf, text, node_at(node, i)) < 0)
			return -1;
	}
	return 0;
}

static struct condition *new_condition(const struct rule_reader *reader,
				       enum condition_kind kind)
{
	struct condition *condition =
		arena_alloc(&reader->rules->arena, sizeof(*condition));

	*condition = (struct condition){ .kind = kind };
	return condition;
}

static struct condition *parse_leaf(const struct rule_reader *reader,
				    const struct yaml_node *node)
{
	struct condition *leaf = new_condition(reader, CONDITION_LEAF);
	const struct yaml_node *child = NULL;

	if (!rule_reader_field(node->key, &leaf->field, &leaf->attribute) ||
	    leaf->field == RULE_FIELD_GROUP) {
		(void)rule_reader_unknown_key(reader, node, match_keys,
					      ARRAY_LEN(match_keys));
		return NULL;
	}
	leaf->attribute = arena_dup(&reader->rules->arena, leaf->attribute);
	leaf->index = reader->rules->leaves_count++;
	leaf->first_pattern = reader->rules->patterns_count;
	if (rule_reader_check_keys(reader, node, leaf_keys, ARRAY_LEN(leaf_keys)) != 0)
		return NULL;
	if (node->first_child == NULL) {
		(void)yaml_error(reader->doc, node, reader->error,
				 "expected words, regex or equals");
		return NULL;
	}
	for (child = node->first_child; child != NULL; child = child->next) {
		bool equals = slice_equal(child->key, SLICE("equals"));

		if (equals ? rule_reader_texts(reader, child, &leaf->equals) != 0
			   : read_patterns(reader, child, leaf) != 0)
			return NULL;
	}
	if (leaf->field == RULE_FIELD_LEVEL && read_levels(reader, node, leaf) != 0)
		return NULL;
	return leaf;
}

/* the list under any, all or not */
static struct condition *parse_list(const struct rule_reader *reader,
				    const struct yaml_node *node,
				    enum condition_kind kind)
{
	struct condition *condition = new_condition(reader, kind);
	struct condition **end = &condition->first_child;
	const struct yaml_node *child = node->first_child;

	if (node->kind == YAML_SCALAR || child == NULL) {
		(void)yaml_error(reader->doc, node, reader->error,
				 "expected a list of conditions");
		return NULL;
	}
	if (node->kind == YAML_MAPPING) {
		condition->first_child = rule_reader_match(reader, node);
		return condition->first_child == NULL ? NULL : condition;
	}
	for (; child != NULL; child = child->next) {
		*end = rule_reader_match(reader, child);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
	}
	return condition;
}

/* a mapping of conditions, all of which must hold; NULL after an error */
struct condition *rule_reader_match(const struct rule_reader *reader,
				    const struct yaml_node *node)
{
	struct condition *all = new_condition(reader, CONDITION_ALL);
	struct condition **end = &all->first_child;
	const struct yaml_node *child = node->first_child;

	if (node->kind != YAML_MAPPING || child == NULL) {
		(void)yaml_error(reader->doc, node, reader->error,
				 "expected a condition such as message: {words: ...}");
		return NULL;
	}
	for (; child != NULL; child = child->next) {
		if (slice_equal(child->key, SLICE("any")))
			*end = parse_list(reader, child, CONDITION_ANY);
		else if (slice_equal(child->key, SLICE("all")))
			*end = parse_list(reader, child, CONDITION_ALL);
		else if (slice_equal(child->key, SLICE("not")))
			*end = parse_list(reader, child, CONDITION_NOT);
		else
			*end = parse_leaf(reader, child);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
	}
	return all;
}

struct condition *rule_reader_always(const struct rule_reader *reader)
{
	return new_condition(reader, CONDITION_ALL);
}
