/* normalize_access.c - "GET /users/42 HTTP/1.1" 200 becomes GET /users/<id> 2xx */
#include "base/compiler.h"
#include "pipeline/fold.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/normalize_kinds.h"

#define SEGMENT_MAX 32

static const char *const methods[] = { "GET",   "POST",    "PUT",     "DELETE",
				       "HEAD",  "PATCH",   "OPTIONS", "CONNECT",
				       "TRACE", "PROPFIND" };

/* offset of the blank behind the method, or 0 */
static size_t method_end(struct slice body)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct slice method = slice_str(methods[i]);

		if (slice_starts_with(slice_from(body, 1), method) &&
		    body.len > method.len + 1 && body.ptr[method.len + 1] == ' ')
			return method.len + 1;
	}
	return 0;
}

/* /v1/ names a version of the route, no thing in it */
static bool is_version(struct slice segment)
{
	if (segment.len < 2 || segment.len > 3 || segment.ptr[0] != 'v')
		return false;
	for (size_t i = 1; i < segment.len; i++) {
		if (!lex_is(segment.ptr[i], LEX_DIGIT))
			return false;
	}
	return true;
}

static bool is_id(struct slice segment)
{
	if (segment.len > SEGMENT_MAX)
		return true;
	if (is_version(segment))
		return false;
	for (size_t i = 0; i < segment.len; i++) {
		if (lex_is(segment.ptr[i], LEX_DIGIT) || segment.ptr[i] == '%' ||
		    segment.ptr[i] == '@')
			return true;
	}
	return false;
}

static void add_text(struct tokens *tokens, size_t begin, size_t end, bool id)
{
	struct token token = { .begin = (uint32_t)begin,
			       .end = (uint32_t)end,
			       .class = id ? TOKEN_VARIABLE : TOKEN_NAME,
			       .type = VARIABLE_ID };

	fold_token(tokens, &token);
}

static void add_route(struct tokens *tokens, size_t at, size_t end)
{
	const char *text = tokens->text.ptr;
	size_t begin = at;

	if (at < end && text[at] != '/') {
		/* a proxy's absolute URL, or * */
		add_text(tokens, at, end, end - at > 1);
		return;
	}
	if (end - at <= 1) {
		add_text(tokens, at, end, false);
		return;
	}
	for (; at <= end; at++) {
		if (at < end && text[at] != '/')
			continue;
		if (at > begin)
			add_text(tokens, begin, at,
				 is_id(slice_of(text + begin, at - begin)));
		begin = at + 1;
	}
}

static void add_status(struct tokens *tokens, size_t quote)
{
	struct slice rest = slice_from(tokens->text, quote + 1);
	char status[4] = "0xx";

	if (rest.len < 4 || rest.ptr[0] != ' ' || !lex_is(rest.ptr[1], LEX_DIGIT))
		return;
	status[0] = rest.ptr[1];
	fold_synthetic(tokens, slice_of(status, 3), TOKEN_NAME);
}

bool normalize_access(struct tokens *tokens)
{
	struct slice body = tokens->text;
	size_t route = 0;
	size_t end = 0;
	size_t quote = 0;

	if (body.len < 8 || body.ptr[0] != '"')
		return false;
	route = method_end(body);
	if (route == 0)
		return false;
	route++;
	for (quote = route; quote < body.len && body.ptr[quote] != '"';)
		quote++;
	for (end = route; end < quote && body.ptr[end] != ' ' && body.ptr[end] != '?' &&
			  body.ptr[end] != '#';)
		end++;
	if (quote == body.len || end == route)
		return false;
	add_text(tokens, 1, route - 1, false);
	tokens->items[0].gap = GAP_NONE;
	add_route(tokens, route, end);
	add_status(tokens, quote);
	return true;
}
