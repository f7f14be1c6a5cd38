/* rules_subject.c - the texts of an event that rules look at */
#include "pipeline/parse.h"
#include "pipeline/rules_scratch.h"

/* Structured records say "query failed" and put what happened into a member of its own.
 * For a rule that is part of the message. Names as loggers of several languages write
 * them, by first letter. */
static const struct slice error_keys[] = {
	{ "cause", 5 },
	{ "err", 3 },
	{ "err.message", 11 },
	{ "err.stack", 9 },
	{ "error", 5 },
	{ "error.cause", 11 },
	{ "error.message", 13 },
	{ "error.stack", 11 },
	{ "error.stack_trace", 17 },
	{ "error.type", 10 },
	{ "error_message", 13 },
	{ "errorMessage", 12 },
	{ "exc_info", 8 },
	{ "exception", 9 },
	{ "exception.message", 17 },
	{ "exception.stacktrace", 20 },
	{ "exception.type", 14 },
	{ "reason", 6 },
	{ "stack", 5 },
	{ "stack_trace", 11 },
	{ "stacktrace", 10 },
};

static bool is_error_key(struct slice key)
{
	static const char first_letters[] = { 'c', 'e', 'r', 's' };

	if (key.len == 0 ||
	    memchr(first_letters, key.ptr[0], sizeof(first_letters)) == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(error_keys); i++) {
		if (slice_equal(key, error_keys[i]))
			return true;
	}
	return false;
}

bool rule_subject_error_text(const struct rule_subject *subject, size_t *cursor,
			     struct slice *text)
{
	const struct record *record = subject->record;

	while (*cursor < record->attributes_count) {
		const struct attribute *attribute = &record->attributes[(*cursor)++];

		if (is_error_key(attribute->key)) {
			*text = attribute->value;
			return true;
		}
	}
	return false;
}

struct slice rule_subject_text(const struct rule_subject *subject,
			       enum rule_field field, struct slice attribute)
{
	const struct record *record = subject->record;

	switch (field) {
	case RULE_FIELD_MESSAGE:
		return record->body;
	case RULE_FIELD_TEMPLATE:
		return subject->template_text;
	case RULE_FIELD_SERVICE:
		return record->service_name;
	case RULE_FIELD_HOST:
		return record->host_name;
	case RULE_FIELD_ATTRIBUTE:
		return record_attribute(record, attribute);
	case RULE_FIELD_KIND:
		return slice_str(parsers[record->format].name);
	case RULE_FIELD_LEVEL:
	case RULE_FIELD_GROUP:
		break;
	}
	return (struct slice){ 0 };
}

bool rule_leaf_equals(const struct rule_subject *subject, const struct condition *leaf)
{
	struct slice text = { 0 };

	if (leaf->field == RULE_FIELD_LEVEL)
		return (leaf->levels >> subject->record->severity & 1) != 0;
	if (leaf->equals.count == 0)
		return false;
	text = rule_subject_text(subject, leaf->field, leaf->attribute);
	for (size_t i = 0; text.ptr != NULL && i < leaf->equals.count; i++) {
		if (slice_equal_nocase(text, leaf->equals.items[i]))
			return true;
	}
	return false;
}

/* what a capture reads, and where it goes */
struct capturing {
	const struct rule_subject *subject;
	struct confirm_data *data;
	struct captured_names known;
	struct json_out json;
};

static void capture(struct capturing *capturing, const struct pattern *pattern,
		    const struct scan_target *target)
{
	const struct rule_subject *subject = capturing->subject;
	size_t cursor = 0;
	struct slice text =
		rule_subject_text(subject, target->field, target->attribute);

	do {
		text = slice_head(text, RULES_TEXT_MAX);
		if (text.len > 0 &&
		    rules_confirm_capture(pattern->confirm, capturing->data, text,
					  &capturing->known, &capturing->json))
			return;
	} while (target->field == RULE_FIELD_MESSAGE &&
		 rule_subject_error_text(subject, &cursor, &text));
}

void rules_capture(const struct rules *rules, size_t index,
		   const struct rule_subject *subject, struct buf *out)
{
	const struct rule_entry *entry = &rules->entries[index];
	struct capturing capturing = {
		.subject = subject,
		.data = rules_confirm_data_new(),
		.json = json_out_init(out),
	};
	size_t begin = out->len;

	json_object_begin(&capturing.json);
	for (size_t i = 0; i < entry->patterns_count; i++) {
		const struct pattern *pattern =
			&rules->patterns[entry->first_pattern + i];

		if (pattern->confirm != NULL &&
		    rules_confirm_names(pattern->confirm) > 0)
			capture(&capturing, pattern, &rules->targets[pattern->target]);
	}
	json_object_end(&capturing.json);
	if (capturing.known.count == 0)
		out->len = begin;
	rules_confirm_data_free(&capturing.data);
}
