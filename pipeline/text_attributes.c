/* text_attributes.c - only what its own writing marks as a name and a value */
#include "pipeline/text_attributes.h"

#include "base/compiler.h"
#include "pipeline/byte_class.h"
#include "pipeline/pair_scan.h"

#define BODY_BYTES_MAX ((size_t)16 * 1024)

/* spellings of one meaning, given under one name besides their own */
static const struct {
	const char *key;
	const char *name;
} synonyms[] = {
	{ "request_id", "request_id" },    { "requestid", "request_id" },
	{ "req_id", "request_id" },        { "reqid", "request_id" },
	{ "x-request-id", "request_id" },  { "correlation_id", "request_id" },
	{ "correlationid", "request_id" }, { "trace_id", "trace_id" },
	{ "traceid", "trace_id" },         { "trace.id", "trace_id" },
	{ "user_id", "user_id" },          { "userid", "user_id" },
	{ "user.id", "user_id" },          { "uid", "user_id" },
	{ "status", "http.status" },       { "status_code", "http.status" },
	{ "http_status", "http.status" },  { "statuscode", "http.status" },
};

static bool is_http_status(struct slice text)
{
	return text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '5' &&
	       byte_is(text.ptr[1], BYTE_DIGIT) && byte_is(text.ptr[2], BYTE_DIGIT);
}

static void add_once(struct record *record, struct slice key, struct slice value)
{
	if (record_attribute(record, key).ptr == NULL)
		record_add_attribute(record, key, value);
}

static void add_synonym(struct record *record, const struct pair *pair)
{
	for (size_t i = 0; i < ARRAY_LEN(synonyms); i++) {
		struct slice name = slice_str(synonyms[i].name);

		if (!slice_equal_nocase(pair->key, slice_str(synonyms[i].key)))
			continue;
		if (!slice_equal(name, SLICE("http.status")) ||
		    is_http_status(pair->value))
			add_once(record, name, pair->value);
		return;
	}
}

static void add_pairs(struct slice body, struct record *record)
{
	struct pair pair;

	while (pair_find(&body, &pair)) {
		add_once(record, pair.key, pair.value);
		add_synonym(record, &pair);
	}
}

static struct slice word_behind(struct slice text, struct slice mark)
{
	const char *at = memmem(text.ptr, text.len, mark.ptr, mark.len);
	size_t len = 0;

	if (at == NULL)
		return (struct slice){ 0 };
	text = slice_from(text, (size_t)(at - text.ptr) + mark.len);
	while (len < text.len && !byte_is(text.ptr[len], BYTE_BLANK) &&
	       strchr(",;)]\"\n", text.ptr[len]) == NULL)
		len++;
	return slice_head(text, len);
}

/* `"GET /x HTTP/1.1" 200`, `"GET /x HTTP/1.1" status: 200`, "status: 200" */
static void add_status(struct slice body, struct record *record)
{
	static const char *const marks[] = { "HTTP/1.1\" ", "HTTP/1.0\" ",
					     "HTTP/2.0\" ", "HTTP/2\" ",
					     "status: ",    "status code " };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		struct slice word = word_behind(body, slice_str(marks[i]));

		if (is_http_status(word)) {
			add_once(record, SLICE("http.status"), word);
			return;
		}
	}
}

static void add_user(struct slice body, struct record *record)
{
	struct slice user = word_behind(body, SLICE(" user "));
	struct slice rest = { 0 };

	if (user.len == 0)
		return;
	rest = slice_from(body, (size_t)(user.ptr - body.ptr) + user.len);
	/* "Invalid user bob from 10.0.0.1", not "no user found" */
	if (slice_starts_with(rest, SLICE(" from ")))
		add_once(record, SLICE("user.name"), user);
}

static void add_request(struct slice text, struct record *record)
{
	struct slice id = word_behind(text, SLICE("[req-"));

	if (id.len > 0)
		add_once(record, SLICE("request_id"), slice_of(id.ptr - 4, id.len + 4));
}

void text_attributes_add(struct slice head, struct record *record)
{
	struct slice body = slice_head(record->body, BODY_BYTES_MAX);

	if (head.len > 0) {
		add_request(head, record);
		add_pairs(head, record);
	}
	if (body.len == 0)
		return;
	add_request(body, record);
	add_pairs(body, record);
	add_status(body, record);
	add_user(body, record);
}
