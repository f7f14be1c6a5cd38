/* json_scan.c - strings are run over eight bytes at a time, looking for a quote or a
 * backslash (bit tricks of "Bit Twiddling Hacks", haszero) */
#include "pipeline/json_scan.h"

#include <stdint.h>

#include "pipeline/byte_class.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static void skip_blanks(struct json_cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' ||
					    *cursor->at == '\t' || *cursor->at == '\r'))
		cursor->at++;
}

static uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word & HIGHS;
}

/* the next quote or backslash, or end */
static const char *find_special(const char *at, const char *end)
{
	while (end - at >= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		if ((zero_bytes(word ^ ONES * '"') | zero_bytes(word ^ ONES * '\\')) !=
		    0)
			break;
		at += 8;
	}
	while (at < end && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* cursor behind the opening quote */
static bool take_string(struct json_cursor *cursor, struct slice *text, bool *escaped)
{
	const char *from = cursor->at;
	const char *at = from;

	*escaped = false;
	for (;;) {
		at = find_special(at, cursor->end);
		if (at == cursor->end)
			return false;
		if (*at == '"')
			break;
		*escaped = true;
		if (cursor->end - at < 2)
			return false;
		at += 2;
	}
	*text = slice_of(from, (size_t)(at - from));
	cursor->at = at + 1;
	return true;
}

/* an object or array, by its brackets */
static bool skip_nested(struct json_cursor *cursor)
{
	struct slice text;
	size_t depth = 0;
	bool escaped = false;

	while (cursor->at < cursor->end) {
		char c = *cursor->at++;

		if (c == '"') {
			if (!take_string(cursor, &text, &escaped))
				return false;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return true;
		}
	}
	return false;
}

static bool take_literal(struct json_cursor *cursor, struct json_member *member)
{
	const char *from = cursor->at;

	while (cursor->at < cursor->end &&
	       (byte_is(*cursor->at, BYTE_ALNUM) || *cursor->at == '.' ||
		*cursor->at == '-' || *cursor->at == '+'))
		cursor->at++;
	member->value = slice_of(from, (size_t)(cursor->at - from));
	if (slice_equal(member->value, SLICE("true")) ||
	    slice_equal(member->value, SLICE("false"))) {
		member->kind = JSON_BOOL;
		return true;
	}
	if (slice_equal(member->value, SLICE("null"))) {
		member->kind = JSON_NULL;
		return true;
	}
	member->kind = JSON_NUMBER;
	return member->value.len > 0 &&
	       (byte_is(*from, BYTE_DIGIT) || (*from == '-' && member->value.len > 1 &&
					       byte_is(from[1], BYTE_DIGIT)));
}

static bool take_value(struct json_cursor *cursor, struct json_member *member)
{
	const char *from = cursor->at;

	member->value_escaped = false;
	switch (*from) {
	case '"':
		cursor->at++;
		member->kind = JSON_STRING;
		return take_string(cursor, &member->value, &member->value_escaped);
	case '{':
	case '[':
		member->kind = *from == '{' ? JSON_OBJECT : JSON_ARRAY;
		if (!skip_nested(cursor))
			return false;
		member->value = slice_of(from, (size_t)(cursor->at - from));
		return true;
	default:
		return take_literal(cursor, member);
	}
}

static bool enter(struct json_cursor *cursor, char bracket)
{
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != bracket)
		return false;
	cursor->at++;
	cursor->first = true;
	return true;
}

bool json_enter(struct json_cursor *cursor)
{
	return enter(cursor, '{');
}

bool json_enter_member(struct json_cursor *cursor, const struct json_member *member)
{
	cursor->at = member->value.ptr;
	return json_enter(cursor);
}

bool json_enter_array(struct json_cursor *cursor)
{
	return enter(cursor, '[');
}

bool json_enter_member_array(struct json_cursor *cursor,
			     const struct json_member *member)
{
	cursor->at = member->value.ptr;
	return json_enter_array(cursor);
}

/* to what comes next in an object or array. 1: it is there; 0: the bracket closed; -1:
 * neither */
static int next(struct json_cursor *cursor, char bracket)
{
	skip_blanks(cursor);
	if (cursor->at == cursor->end)
		return -1;
	if (*cursor->at == bracket) {
		cursor->at++;
		cursor->first = false;
		return 0;
	}
	if (!cursor->first) {
		if (*cursor->at != ',')
			return -1;
		cursor->at++;
		skip_blanks(cursor);
	}
	cursor->first = false;
	return cursor->at == cursor->end ? -1 : 1;
}

bool json_value(struct json_cursor *cursor, struct json_member *value)
{
	skip_blanks(cursor);
	value->key = (struct slice){ 0 };
	value->key_escaped = false;
	return cursor->at < cursor->end && take_value(cursor, value);
}

int json_item(struct json_cursor *cursor, struct json_member *item)
{
	int got = next(cursor, ']');

	if (got <= 0)
		return got;
	return json_value(cursor, item) ? 1 : -1;
}

int json_member(struct json_cursor *cursor, struct json_member *member)
{
	int got = next(cursor, '}');

	if (got <= 0)
		return got;
	if (*cursor->at != '"')
		return -1;
	cursor->at++;
	if (!take_string(cursor, &member->key, &member->key_escaped))
		return -1;
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != ':')
		return -1;
	cursor->at++;
	skip_blanks(cursor);
	if (cursor->at == cursor->end)
		return -1;
	return take_value(cursor, member) ? 1 : -1;
}

bool json_at_end(struct json_cursor *cursor)
{
	skip_blanks(cursor);
	return cursor->at == cursor->end;
}

static char *put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

static bool read_hex4(const char *at, const char *end, uint32_t *value)
{
	*value = 0;
	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		char lower = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint32_t)(c - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value << 4 | (uint32_t)(lower - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* at: behind "\u"; returns behind what it read */
static const char *take_unicode(const char *at, const char *end, uint32_t *code)
{
	uint32_t low = 0;

	if (!read_hex4(at, end, code)) {
		*code = 0xfffd;
		return at;
	}
	at += 4;
	if (*code < 0xd800 || *code > 0xdfff)
		return at;
	if (*code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
	    read_hex4(at + 2, end, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
		return at + 6;
	}
	*code = 0xfffd;
	return at;
}

static char unescaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	default:
		return c;
	}
}

struct slice json_unescape(struct slice text, struct arena *arena)
{
	const char *at = text.ptr;
	const char *end = at + text.len;
	/* "\u" alone makes three bytes of two */
	char *begin = arena_alloc(arena, text.len + text.len / 2 + 1);
	char *out = begin;

	while (at < end) {
		if (*at != '\\' || at + 1 == end) {
			*out++ = *at++;
		} else if (at[1] == 'u') {
			uint32_t code = 0;

			at = take_unicode(at + 2, end, &code);
			out = put_utf8(out, code);
		} else {
			*out++ = unescaped(at[1]);
			at += 2;
		}
	}
	return slice_of(begin, (size_t)(out - begin));
}

struct slice json_key_text(const struct json_member *member, struct arena *arena)
{
	return member->key_escaped ? json_unescape(member->key, arena) : member->key;
}

struct slice json_value_text(const struct json_member *member, struct arena *arena)
{
	return member->value_escaped ? json_unescape(member->value, arena)
				     : member->value;
}
