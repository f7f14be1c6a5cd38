/* text_attributes.c - only what its own writing marks as a name and a value */
#include "pipeline/text_attributes.h"

#include "base/compiler.h"
#include "pipeline/byte_class.h"
#include "pipeline/json_alias.h"
#include "pipeline/pair_scan.h"

#define UUID_LEN 36
#define BODY_BYTES_MAX ((size_t)16 * 1024)

static void add_once(struct record *record, struct slice key, struct slice value)
{
	if (record_attribute(record, key).ptr == NULL)
		record_add_attribute(record, key, value);
}

static void add_named(struct record *record, const struct pair *pair)
{
	const struct alias *alias = alias_of_key(pair->key);
	struct slice name = { 0 };

	if (alias == NULL)
		return;
	name = alias_attribute(alias->role);
	if (name.len > 0 && alias_fits(alias->role, pair->value))
		add_once(record, name, pair->value);
}

static void add_pairs(struct slice body, struct record *record)
{
	struct pair pair;

	while (pair_find(&body, &pair)) {
		add_once(record, pair.key, pair.value);
		add_named(record, &pair);
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

		if (alias_fits(ROLE_HTTP_STATUS, word)) {
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

static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !byte_is(text[i], BYTE_ALNUM))
			return false;
	}
	return true;
}

static void add_request(struct slice text, struct record *record)
{
	struct slice id = word_behind(text, SLICE("[req-"));

	if (id.len > 0)
		add_once(record, SLICE("request_id"), slice_of(id.ptr - 4, id.len + 4));
	/* Rails' tag */
	if (text.len > UUID_LEN + 2 && text.ptr[0] == '[' &&
	    text.ptr[UUID_LEN + 1] == ']' && is_uuid(text.ptr + 1))
		add_once(record, SLICE("request_id"), slice_of(text.ptr + 1, UUID_LEN));
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
