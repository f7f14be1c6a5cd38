/* shapes.c - dates, addresses, paths and URLs */
#include "pipeline/shapes.h"

#include "pipeline/lex_bytes.h"

static bool ends_token(const char *text, size_t at, size_t end)
{
	return at == end || lex_is(text[at], LEX_BLANK | LEX_SPLIT);
}

struct digit_groups {
	unsigned runs;
	unsigned colons;
	unsigned dots;
	unsigned dates; /* - and / between digits */
};

static bool is_digit_separator(char c)
{
	return c == ':' || c == '.' || c == '/' || c == ',' || c == '_' || c == '+' ||
	       c == '-';
}

static size_t scan_digit_groups(const char *text, size_t at, size_t end,
				struct digit_groups *groups)
{
	size_t behind = at;

	while (at < end) {
		if (lex_is(text[at], LEX_DIGIT)) {
			groups->runs++;
			while (at < end && lex_is(text[at], LEX_DIGIT))
				at++;
			behind = at;
			continue;
		}
		if (text[at] == 'T' || text[at] == 'Z') {
			/* ISO 8601 only */
			if (groups->dates < 2)
				break;
			behind = ++at;
			continue;
		}
		if (!is_digit_separator(text[at]))
			break;
		groups->colons += text[at] == ':';
		groups->dots += text[at] == '.';
		groups->dates += text[at] == '-' || text[at] == '/';
		at++;
	}
	/* what follows the last digit must not be part of a longer word */
	if (behind < end && !ends_token(text, at, end) && at == behind)
		return 0;
	if (at > behind && at < end && lex_is(text[at], LEX_LETTER) &&
	    text[at - 1] != ',' && text[at - 1] != ':')
		return 0;
	return behind;
}

size_t shape_digits(const char *text, size_t at, size_t end, enum variable_type *type)
{
	struct digit_groups groups = { 0 };
	size_t behind = scan_digit_groups(text, at, end, &groups);

	if (behind == 0 || groups.runs < 2)
		return 0;
	if (groups.runs < 4 && groups.colons == 0 && groups.dates < 2)
		return 0;
	if (groups.dots == 3 && groups.colons <= 1 && groups.dates == 0)
		*type = VARIABLE_IP;
	else if (groups.colons > 0 || groups.dates == 2)
		*type = VARIABLE_TIME;
	else
		*type = VARIABLE_ID;
	return behind;
}

size_t shape_colon_hex(const char *text, size_t at, size_t end)
{
	unsigned groups = 0;
	unsigned width = 0;
	bool digits = false;
	bool doubled = false;

	for (; at < end; at++) {
		if (lex_is(text[at], LEX_DIGIT | LEX_HEX)) {
			digits |= lex_is(text[at], LEX_DIGIT);
			if (++width > 4)
				return 0;
		} else if (text[at] == ':') {
			doubled |= at + 1 < end && text[at + 1] == ':';
			groups += width > 0;
			width = 0;
		} else {
			break;
		}
	}
	groups += width > 0;
	if (!ends_token(text, at, end) && text[at] != '%' && text[at] != '/')
		return 0;
	if ((groups >= 6 && digits) || (doubled && digits && groups >= 2))
		return at;
	return 0;
}

static bool ends_path(char c)
{
	return lex_is(c, LEX_BLANK) || c == '"' || c == '\'' || c == '`' || c == ',' ||
	       c == ';' || c == ')' || c == ']' || c == '>' || c == '}' || c == '|';
}

static size_t trim_path(const char *text, size_t at, size_t behind)
{
	while (behind > at + 1 && (text[behind - 1] == '.' || text[behind - 1] == ':'))
		behind--;
	return behind;
}

size_t shape_path(const char *text, size_t at, size_t end)
{
	size_t start = at;
	unsigned deep = 0;

	for (; at < end && !ends_path(text[at]); at++) {
		if (text[at] == '/' || text[at] == '\\')
			deep++;
		else if (text[at] == ':' && at > start + 1)
			break;
	}
	if (deep < 2 && (deep == 0 || text[start] == '/'))
		return 0;
	return trim_path(text, start, at);
}

size_t shape_url(const char *text, size_t colon, size_t end)
{
	size_t at = colon + 3;

	if (end - colon < 4 || text[colon + 1] != '/' || text[colon + 2] != '/')
		return 0;
	while (at < end && !lex_is(text[at], LEX_BLANK) && text[at] != '"' &&
	       text[at] != '\'' && text[at] != '<' && text[at] != '>' &&
	       text[at] != ')' && text[at] != ']' && text[at] != '`')
		at++;
	while (at > colon + 3 && (text[at - 1] == ',' || text[at - 1] == '.' ||
				  text[at - 1] == ';' || text[at - 1] == ':'))
		at--;
	return at;
}
