/* push_decode.c - records and lines of a push, within their bounds */
#include "api/push_decode.h"

#include "base/json_out.h"
#include "pipeline/json_scan.h"

#define NS_PER_US 1000

/* labels that name a field, best first */
static const char *const labels[PUSH_FIELDS][16] = {
	[PUSH_SERVICE] = { "service.name", "service_name", "service", "app",
			   "application", "app.kubernetes.io/name", "container",
			   "container_name", "container.name", "k8s.container.name",
			   "kubernetes.container_name", "kubernetes.container.name",
			   "compose_service", "syslog_identifier", "job" },
	[PUSH_HOST] = { "host.name", "host_name", "hostname", "host", "host.hostname",
			"node_name", "node", "k8s.node.name", "kubernetes.host",
			"kubernetes.node.name", "instance" },
	[PUSH_LEVEL] = { "level", "severity", "severity_text", "log.level",
			 "detected_level" },
};

void push_lines_deinit(struct push_lines *lines)
{
	buf_deinit(&lines->text);
	buf_deinit(&lines->items);
}

void push_record_begin(struct push_record *record, struct arena *arena,
		       struct buf *attributes)
{
	buf_clear(attributes);
	*record = (struct push_record){
		.fields = { .timestamp_us = TIMESTAMP_NONE, .seen_us = TIMESTAMP_NONE },
		.arena = arena,
		.attributes = attributes,
	};
}

static void append_text(struct buf *json, struct slice text)
{
	struct json_out out = json_out_init(json);

	json_out_string(&out, text);
}

void push_record_attribute(struct push_record *record, struct slice key,
			   struct slice value)
{
	/* no name of anything holds NUL, and not all readers of JSON take one */
	if (key.len == 0 || value.len == 0 || memchr(key.ptr, '\0', key.len) != NULL ||
	    record->attributes_count == PUSH_ATTRIBUTES_MAX)
		return;
	buf_append_char(record->attributes,
			record->attributes_count++ == 0 ? '{' : ',');
	append_text(record->attributes, key);
	buf_append_char(record->attributes, ':');
	append_text(record->attributes, value);
}

/* 1 is the best, 0: the key is no such label */
static size_t rank_of(enum push_field field, struct slice key)
{
	for (size_t i = 0; labels[field][i] != NULL; i++) {
		if (slice_equal_nocase(key, slice_str(labels[field][i])))
			return i + 1;
	}
	return 0;
}

/* false: the text is no such thing */
static bool fill(struct pushed *fields, enum push_field field, struct slice text)
{
	enum severity severity = SEVERITY_NONE;

	switch (field) {
	case PUSH_SERVICE:
		fields->service_name = text;
		break;
	case PUSH_HOST:
		fields->host_name = text;
		break;
	case PUSH_LEVEL:
		severity = severity_of_word(text);
		if (severity == SEVERITY_NONE)
			return false;
		fields->severity = severity;
		break;
	case PUSH_FIELDS:
		return false;
	}
	return true;
}

void push_record_label(struct push_record *record, struct slice key, struct slice value)
{
	bool best = false;

	for (enum push_field i = PUSH_SERVICE; value.len > 0 && i < PUSH_FIELDS; i++) {
		size_t rank = rank_of(i, key);

		if (rank == 0 || (record->ranks[i] != 0 && record->ranks[i] <= rank) ||
		    !fill(&record->fields, i, value))
			continue;
		record->ranks[i] = rank;
		best = rank == 1;
	}
	if (!best)
		push_record_attribute(record, key, value);
}

bool push_record_labels(struct push_record *record, struct slice object)
{
	struct json_cursor cursor = json_open(object);
	struct json_member member;
	int got = 0;

	if (object.len == 0)
		return true;
	if (!json_enter(&cursor))
		return false;
	while ((got = json_member(&cursor, &member)) == 1) {
		if (member.kind != JSON_NULL)
			push_record_label(record, json_key_text(&member, record->arena),
					  json_value_text(&member, record->arena));
	}
	return got == 0;
}

void push_lines_reject(struct push_lines *lines, const char *why)
{
	if (lines->rejected++ == 0)
		(void)error_set(&lines->rejection, "%s", why); /* always -1 */
}

/* the line from `begin` on is whole; false: it is too long, and taken back */
static bool end_line(struct push_lines *lines, size_t begin, size_t bytes)
{
	if (lines->text.len - begin > lines->record_bytes_max) {
		lines->text.len = begin;
		push_lines_reject(lines, "a record is too long");
		return false;
	}
	lines->count++;
	lines->bytes += bytes;
	return true;
}

bool push_lines_add(struct push_lines *lines, struct push_record *record)
{
	size_t begin = lines->text.len;

	if (record->attributes_count > 0) {
		buf_append_char(record->attributes, '}');
		record->fields.attributes = buf_slice(record->attributes);
	}
	pushed_write(&record->fields, &lines->text);
	return end_line(lines, begin, record->fields.body.len);
}

bool push_lines_add_plain(struct push_lines *lines, struct slice line)
{
	size_t begin = lines->text.len;

	buf_append_slice(&lines->text, line);
	for (size_t i = begin; i < lines->text.len; i++) {
		if (lines->text.data[i] == '\n' || lines->text.data[i] == '\r')
			lines->text.data[i] = ' ';
	}
	buf_append_char(&lines->text, '\n');
	return end_line(lines, begin, line.len);
}

void push_lines_share(struct push_lines *lines, struct slice shared)
{
	lines->shared_bytes += shared.len;
}

bool push_lines_full(const struct push_lines *lines)
{
	return lines->text.len + lines->items.len > lines->bytes_max ||
	       lines->shared_bytes > lines->bytes_max;
}

enum push_status push_malformed(struct push_lines *lines, const char *why)
{
	(void)error_set(&lines->error, "%s", why); /* always -1 */
	return PUSH_MALFORMED;
}

int64_t push_time_of_ns(struct slice digits)
{
	uint64_t ns = 0;

	if (digits.len == 0 || digits.len > 19)
		return TIMESTAMP_NONE;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return TIMESTAMP_NONE;
		ns = ns * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return ns == 0 ? TIMESTAMP_NONE : (int64_t)(ns / NS_PER_US);
}
