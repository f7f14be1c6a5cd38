/* body.c - JSON and form bodies */
#include "api/body.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "api/rfc3339.h"
#include "base/utf8.h"

/* RFC 5321 section 4.5.3.1.3, without the brackets */
#define EMAIL_BYTES_MAX 254
#define FIELD_DETAIL_SIZE 160
#define VALUES_MAX 4096

static bool has_type(const struct request *request, const char *type)
{
	const char *header = request_header(request, "Content-Type");
	struct slice name = header == NULL ? (struct slice){ 0 } : slice_str(header);
	const char *semicolon = name.len == 0 ? NULL : memchr(name.ptr, ';', name.len);

	if (semicolon != NULL)
		name.len = (size_t)(semicolon - name.ptr);
	return slice_equal_nocase(slice_trim(name), slice_str(type));
}

/* Members and elements outside of strings. jansson takes 300 ns for each, so that a
 * body of nothing else would hold up the loop for a second. */
static bool has_too_many_values(struct slice text)
{
	size_t values = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len && values <= VALUES_MAX; i++) {
		char c = text.ptr[i];

		if (c == '"')
			in_string = !in_string;
		else if (in_string)
			i += c == '\\'; /* the next byte ends no string */
		else
			values += c == ',' || c == '[' || c == '{';
	}
	return values > VALUES_MAX;
}

static bool read_json(struct request *request, struct body *body)
{
	json_error_t error = { 0 };
	struct slice text = request_body(request);
	json_t *root = NULL;

	if (has_too_many_values(text)) {
		request_problem(request, 400, "The body has more than %d values.",
				VALUES_MAX);
		return false;
	}
	root = json_loadb(text.ptr == NULL ? "" : text.ptr, text.len,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (root == NULL) {
		request_problem(request, 400, "The body is not JSON: %s (byte %d).",
				error.text, error.position);
		return false;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		request_problem(request, 400, "The body must be a JSON object.");
		return false;
	}
	body->object = root;
	return true;
}

static bool small_enough(struct request *request)
{
	if (request->body_len <= REQUEST_JSON_MAX)
		return true;
	request_problem(request, 413,
			"This call takes at most %zu bytes; send larger logs to "
			"logs/upload.",
			REQUEST_JSON_MAX);
	return false;
}

bool body_read(struct request *request, struct body *body)
{
	*body = (struct body){ .request = request, .problem = { .status = 422 } };
	if (!small_enough(request))
		return false;
	if (!has_type(request, "application/json")) {
		request_problem(request, 415,
				"The body must be JSON, with Content-Type: "
				"application/json.");
		return false;
	}
	return read_json(request, body);
}

bool body_read_form(struct request *request, struct body *body)
{
	struct error error = { 0 };

	if (!has_type(request, "application/x-www-form-urlencoded"))
		return body_read(request, body);
	*body = (struct body){ .request = request, .problem = { .status = 422 } };
	if (!small_enough(request))
		return false;
	if (query_parse(request_body(request), &request->arena, &body->form, &error) !=
	    0) {
		request_problem(request, 400, "%s.", error.text);
		return false;
	}
	return true;
}

void body_complain(struct body *body, const char *field, const char *detail)
{
	struct problem *problem = &body->problem;

	if (problem->fields_count == PROBLEM_FIELDS_MAX)
		return;
	problem->fields[problem->fields_count++] =
		(struct problem_field){ .field = field, .detail = detail };
}

static void complain_length(struct body *body, const char *field,
			    struct body_bounds bounds)
{
	char *detail = request_alloc(body->request, FIELD_DETAIL_SIZE);

	/* fits */
	(void)snprintf(detail, FIELD_DETAIL_SIZE,
		       "must be a text of %zu to %zu bytes without NUL", bounds.min,
		       bounds.max);
	body_complain(body, field, detail);
}

bool body_has(const struct body *body, const char *field)
{
	if (body->object == NULL)
		return query_get(&body->form, field).ptr != NULL;
	return json_object_get(body->object, field) != NULL;
}

/* ptr NULL when it is absent, null, or no text */
static struct slice raw_string(const struct body *body, const char *field)
{
	const json_t *value = NULL;

	if (body->object == NULL)
		return query_get(&body->form, field);
	value = json_object_get(body->object, field);
	if (!json_is_string(value))
		return (struct slice){ 0 };
	return slice_of(json_string_value(value), json_string_length(value));
}

static bool is_absent(const struct body *body, const char *field)
{
	return !body_has(body, field) ||
	       (body->object != NULL &&
		json_is_null(json_object_get(body->object, field)));
}

struct slice body_string(struct body *body, const char *field,
			 struct body_bounds bounds)
{
	struct slice value = raw_string(body, field);

	if (bounds.min == 0 && is_absent(body, field))
		return (struct slice){ 0 };
	if (value.ptr == NULL || value.len < bounds.min || value.len > bounds.max ||
	    memchr(value.ptr, '\0', value.len) != NULL || !utf8_valid(value)) {
		complain_length(body, field, bounds);
		return (struct slice){ 0 };
	}
	return arena_dup(&body->request->arena, value);
}

struct slice body_email(struct body *body, const char *field)
{
	struct slice value =
		body_string(body, field, (struct body_bounds){ 3, EMAIL_BYTES_MAX });

	if (value.ptr != NULL && memchr(value.ptr, '@', value.len) == NULL)
		body_complain(body, field, "must be an e-mail address");
	return value;
}

struct slice body_bytes(struct body *body, const char *field)
{
	struct slice value = raw_string(body, field);

	if (value.len == 0) {
		body_complain(body, field, "must be a text that is not empty");
		return value;
	}
	return arena_dup(&body->request->arena, value);
}

struct slice body_time(struct body *body, const char *field)
{
	struct slice value = raw_string(body, field);
	char text[24];
	int64_t time_us = 0;
	int len = 0;

	if (is_absent(body, field))
		return (struct slice){ 0 };
	if (value.ptr == NULL || !rfc3339_parse(value, &time_us)) {
		body_complain(body, field,
			      "must be a time such as 2026-11-22T21:00:00Z");
		return (struct slice){ 0 };
	}
	len = snprintf(text, sizeof(text), "%" PRId64, time_us);
	return arena_dup(&body->request->arena, slice_of(text, (size_t)len));
}

int64_t body_id(struct body *body, const char *field)
{
	const json_t *value = json_object_get(body->object, field);
	struct slice text = raw_string(body, field);
	int64_t id = 0;

	if (json_is_integer(value) && json_integer_value(value) > 0)
		return json_integer_value(value);
	if (text.ptr != NULL && query_id(text, &id))
		return id;
	body_complain(body, field, "must be an id");
	return 0;
}

int64_t body_int(struct body *body, const char *field, struct body_range range)
{
	const json_t *value = json_object_get(body->object, field);
	char *detail = NULL;

	if (is_absent(body, field))
		return range.absent;
	if (json_is_integer(value) && json_integer_value(value) >= range.min &&
	    json_integer_value(value) <= range.max)
		return json_integer_value(value);
	detail = request_alloc(body->request, FIELD_DETAIL_SIZE);
	/* fits */
	(void)snprintf(detail, FIELD_DETAIL_SIZE,
		       "must be an integer from %" PRId64 " to %" PRId64, range.min,
		       range.max);
	body_complain(body, field, detail);
	return range.absent;
}

bool body_bool(struct body *body, const char *field)
{
	const json_t *value = json_object_get(body->object, field);

	if (is_absent(body, field))
		return false;
	if (!json_is_boolean(value))
		body_complain(body, field, "must be true or false");
	return json_is_true(value);
}

struct slice body_fingerprints(struct body *body, const char *field, size_t max)
{
	const json_t *list = json_object_get(body->object, field);
	size_t count = json_array_size(list); /* 0: it is none */
	struct slice text = { 0 };
	struct buf out = { 0 };
	bool good = count > 0 && count <= max;

	for (size_t i = 0; good && i < count; i++) {
		const json_t *item = json_array_get(list, i);
		uint64_t key = 0;

		good = json_is_string(item) &&
		       query_hex64(slice_str(json_string_value(item)), &key);
		buf_printf(&out, "%c%" PRId64, i == 0 ? '{' : ',', (int64_t)key);
	}
	if (good) {
		buf_append_char(&out, '}');
		text = arena_dup(&body->request->arena, buf_slice(&out));
	} else {
		body_complain(body, field,
			      "must be a list of fingerprints of 16 hex digits");
	}
	buf_deinit(&out);
	return text;
}

static void complain_word(struct body *body, const char *field,
			  const char *const *words)
{
	struct buf list = { 0 };

	for (size_t i = 0; words[i] != NULL; i++)
		buf_printf(&list, "%s%s", i == 0 ? "must be one of: " : ", ", words[i]);
	body_complain(body, field,
		      arena_dup(&body->request->arena, buf_slice(&list)).ptr);
	buf_deinit(&list);
}

struct slice body_word(struct body *body, const char *field, const char *const *words,
		       const char *absent)
{
	struct slice value = raw_string(body, field);

	if (absent != NULL && is_absent(body, field))
		return slice_str(absent);
	for (size_t i = 0; words[i] != NULL; i++) {
		if (value.ptr != NULL && slice_equal(value, slice_str(words[i])))
			return slice_str(words[i]);
	}
	complain_word(body, field, words);
	return (struct slice){ 0 };
}

unsigned body_words(struct body *body, const char *field, const char *const *words)
{
	const json_t *list = json_object_get(body->object, field);
	size_t count = json_array_size(list); /* 0: it is none */
	unsigned bits = 0;
	bool good = count > 0;

	for (size_t i = 0; good && i < count; i++) {
		const char *item = json_string_value(json_array_get(list, i));
		unsigned place = 0;

		while (item != NULL && words[place] != NULL &&
		       strcmp(words[place], item) != 0)
			place++;
		good = item != NULL && words[place] != NULL;
		if (good)
			bits |= 1U << place;
	}
	if (good)
		return bits;
	complain_word(body, field, words);
	return 0;
}

bool body_done(struct body *body)
{
	struct problem *problem = &body->problem;
	struct error text = { 0 };

	json_decref(body->object);
	body->object = NULL;
	if (problem->fields_count == 0)
		return true;
	/* always -1, which says nothing here */
	(void)error_set(&text, "%s %s.", problem->fields[0].field,
			problem->fields[0].detail);
	problem->detail = text.text;
	request_send_problem(body->request, problem);
	return false;
}
