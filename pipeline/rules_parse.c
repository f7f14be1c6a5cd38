/* rules_parse.c - from a YAML document to a rule and its condition tree
 *
 * Every key is checked against the known ones: a misspelt `not` that were ignored would
 * make a rule that matches too much, silently.
 */
#include "base/mem.h"
#include "pipeline/rules_reader.h"

#define QUIET_MAX_US (INT64_C(30) * 86400 * 1000000)
#define QUIET_MIN_US (INT64_C(60) * 1000000)
#define QUIET_DEFAULT_US (INT64_C(3600) * 1000000)
#define ID_MAX 64

static const char *const rule_keys[] = { "id",       "title",        "description",
					 "severity", "confidence",   "generic",
					 "match",    "first_checks", "references",
					 "window",   "group_by",     "quiet",
					 "tests" };
static const char *const tests_keys[] = { "should", "should_not" };

static const char *const severity_names[] = { "LOW", "MED", "HIGH", "CRIT" };

const char *finding_severity_name(enum finding_severity severity)
{
	return severity_names[severity];
}

static int read_id(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct rule_entry *entry = reader->entry;
	struct slice id = { 0 };

	if (rule_reader_text(reader, node, &id) != 0)
		return -1;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (id.len > ID_MAX ||
		    !((c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9')))
			return yaml_error(
				reader->doc, node, reader->error,
				"an id is up to %d of a-z, 0-9 and _, not \"%.*s\"",
				ID_MAX, (int)slice_head(id, 60).len, id.ptr);
	}
	for (size_t i = 0; i < reader->rules->count; i++) {
		if (slice_equal(id, slice_str(reader->rules->entries[i].rule.id)))
			return yaml_error(reader->doc, node, reader->error,
					  "a rule \"%s\" is there already", id.ptr);
	}
	entry->rule.id = id.ptr;
	return 0;
}

static int read_severity(const struct rule_reader *reader, const struct yaml_node *node)
{
	for (size_t i = 0; i < ARRAY_LEN(severity_names); i++) {
		if (slice_equal(node->text, slice_str(severity_names[i]))) {
			reader->entry->rule.severity = (enum finding_severity)i;
			return 0;
		}
	}
	return yaml_error(reader->doc, node, reader->error,
			  "a severity is LOW, MED, HIGH or CRIT");
}

/* 0 to 1 with up to two decimals, as percent; no strtod, which asks the locale */
static int read_confidence(const struct rule_reader *reader,
			   const struct yaml_node *node)
{
	struct slice text = node->text;
	unsigned percent = 0;
	bool good = text.len >= 1 && text.len <= 4 && text.len != 2;

	for (size_t i = 0; good && i < 4; i++) {
		char c = '0';

		if (i < text.len)
			c = text.ptr[i];
		if (i == 1 && i < text.len)
			good = c == '.';
		else if (c < '0' || c > '9')
			good = false;
		else if (i != 1)
			percent = percent * 10 + (unsigned)(c - '0');
	}
	if (!good || percent > 100)
		return yaml_error(reader->doc, node, reader->error,
				  "a confidence is a number from 0 to 1, such as 0.85");
	reader->entry->rule.confidence = (uint8_t)percent;
	return 0;
}

static int read_group_by(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct rule *rule = &reader->entry->rule;
	struct slice attribute = { 0 };

	if (!rule_reader_field(node->text, &rule->group_by, &attribute) ||
	    rule->group_by == RULE_FIELD_MESSAGE ||
	    rule->group_by == RULE_FIELD_TEMPLATE)
		return yaml_error(reader->doc, node, reader->error,
				  "group_by is service, host, level, kind, group or "
				  "attributes.NAME");
	if (attribute.len > 0)
		rule->group_attribute = arena_dup(&reader->rules->arena, attribute);
	rule->grouped = true;
	return 0;
}

static int read_quiet(const struct rule_reader *reader, const struct yaml_node *node)
{
	int64_t *quiet_us = &reader->entry->rule.quiet_us;

	if (yaml_read_duration_us(reader->doc, node, quiet_us, reader->error) != 0)
		return -1;
	if (*quiet_us < QUIET_MIN_US || *quiet_us > QUIET_MAX_US)
		return yaml_error(reader->doc, node, reader->error,
				  "quiet is 1m to 30d");
	return 0;
}

static int read_match(const struct rule_reader *reader, const struct yaml_node *node)
{
	reader->entry->match = rule_reader_match(reader, node);
	return reader->entry->match == NULL ? -1 : 0;
}

static int read_title(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct slice text = { 0 };

	if (rule_reader_text(reader, node, &text) != 0)
		return -1;
	reader->entry->rule.title = text.ptr;
	return 0;
}

static int read_description(const struct rule_reader *reader,
			    const struct yaml_node *node)
{
	struct slice text = { 0 };

	if (rule_reader_text(reader, node, &text) != 0)
		return -1;
	reader->entry->rule.description =
		arena_dup(&reader->rules->arena, slice_trim(text)).ptr;
	return 0;
}

static int read_generic(const struct rule_reader *reader, const struct yaml_node *node)
{
	return yaml_read_bool(reader->doc, node, &reader->entry->rule.generic,
			      reader->error);
}

/* kept for as long as the set */
static int read_list(const struct rule_reader *reader, const struct yaml_node *node,
		     const char *const **list_out, size_t *count)
{
	struct slices texts = { 0 };
	const char **list = NULL;

	if (rule_reader_texts(reader, node, &texts) != 0)
		return -1;
	list = arena_alloc(&reader->rules->arena, texts.count * sizeof(*list));
	for (size_t i = 0; i < texts.count; i++)
		list[i] = texts.items[i].ptr;
	*list_out = list;
	*count = texts.count;
	return 0;
}

static int read_first_checks(const struct rule_reader *reader,
			     const struct yaml_node *node)
{
	struct rule *rule = &reader->entry->rule;

	return read_list(reader, node, &rule->first_checks, &rule->first_checks_count);
}

static int read_references(const struct rule_reader *reader,
			   const struct yaml_node *node)
{
	struct rule *rule = &reader->entry->rule;

	return read_list(reader, node, &rule->references, &rule->references_count);
}

static int read_tests(const struct rule_reader *reader, const struct yaml_node *node)
{
	const struct yaml_node *should = yaml_find(node, "should");
	const struct yaml_node *should_not = yaml_find(node, "should_not");

	if (rule_reader_check_keys(reader, node, tests_keys, ARRAY_LEN(tests_keys)) !=
	    0)
		return -1;
	if (should != NULL &&
	    rule_reader_texts(reader, should, &reader->entry->should) != 0)
		return -1;
	if (should_not != NULL)
		return rule_reader_texts(reader, should_not,
					 &reader->entry->should_not);
	return 0;
}

/* in the order in which they are read; id before match, for messages */
static const struct {
	const char *key;
	int (*read)(const struct rule_reader *reader, const struct yaml_node *node);
	bool required;
} readers[] = {
	{ "id", read_id, true },
	{ "title", read_title, true },
	{ "description", read_description, false },
	{ "severity", read_severity, true },
	{ "confidence", read_confidence, true },
	{ "generic", read_generic, false },
	{ "first_checks", read_first_checks, false },
	{ "references", read_references, false },
	{ "window", rule_reader_window, false },
	{ "group_by", read_group_by, false },
	{ "quiet", read_quiet, false },
	{ "match", read_match, true },
	{ "tests", read_tests, false },
};

/* window and group_by together */
static int check_window(const struct rule_reader *reader)
{
	const struct yaml_doc *doc = reader->doc;
	struct rule *rule = &reader->entry->rule;

	if (rule->generic && rule->window.type != WINDOW_NONE)
		return yaml_error(doc, doc->root, reader->error,
				  "a generic rule has no window");
	if (rule->window.type != WINDOW_NEW_GROUP)
		return 0;
	if (rule->grouped && rule->group_by != RULE_FIELD_GROUP)
		return yaml_error(doc, doc->root, reader->error,
				  "a window of new_group has group_by: group");
	rule->grouped = true;
	rule->group_by = RULE_FIELD_GROUP;
	return 0;
}

static void append(struct rules *rules, const struct rule_entry *entry)
{
	mem_grow(&rules->entries, &rules->capacity, rules->count,
		 sizeof(*rules->entries));
	rules->entries[rules->count++] = *entry;
}

/* The other events of a window are a rule of their own: patterns know rules by their
 * place, so it is read once the rule itself has its place. */
static int append_partner(const struct rule_reader *reader)
{
	struct rule_entry partner = { .rule = reader->entry->rule };
	const struct yaml_node *window = yaml_find(reader->doc->root, "window");

	partner.rule.is_partner = true;
	if (partner.rule.window.type != WINDOW_RATE_RATIO &&
	    partner.rule.window.type != WINDOW_SEQUENCE)
		return 0;
	if (reader->rules->count == RULES_MAX)
		return yaml_error(reader->doc, window, reader->error,
				  "more than %d rules", RULES_MAX);
	partner.match = rule_reader_partner(reader, window);
	if (partner.match == NULL)
		return -1;
	append(reader->rules, &partner);
	return 0;
}

int rules_parse_document(struct rules *rules, const struct yaml_doc *doc,
			 struct error *error)
{
	struct rule_reader reader = { .rules = rules, .doc = doc, .error = error };
	struct rule_entry entry = { .rule = { .quiet_us = QUIET_DEFAULT_US } };

	reader.entry = &entry;
	entry.first_pattern = rules->patterns_count;
	if (rules->count == RULES_MAX)
		return yaml_error(doc, doc->root, error, "more than %d rules",
				  RULES_MAX);
	if (rule_reader_check_keys(&reader, doc->root, rule_keys,
				   ARRAY_LEN(rule_keys)) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		const struct yaml_node *node = yaml_find(doc->root, readers[i].key);

		if (node == NULL && readers[i].required)
			return yaml_error(doc, doc->root, error, "a rule needs \"%s\"",
					  readers[i].key);
		if (node != NULL && readers[i].read(&reader, node) != 0)
			return -1;
	}
	if (check_window(&reader) != 0)
		return -1;
	append(rules, &entry);
	return append_partner(&reader);
}
