/* header_word.c - level words, wherever they stand */
#include "pipeline/header_scanner.h"

#define LEVEL_LEN_MAX 13

bool header_read_level(const char *at, const char *end, struct level *level)
{
	size_t len = 0;
	unsigned classes = 0;
	size_t room = (size_t)(end - at);
	size_t max = room < LEVEL_LEN_MAX ? room : LEVEL_LEN_MAX;

	while (len < max && byte_is(at[len], BYTE_ALPHA)) {
		if (len > 0)
			classes |= byte_classes[(unsigned char)at[len]];
		len++;
	}
	if (len == 5 && len < max && byte_is(at[len], BYTE_DIGIT))
		len++;
	if (len < 2 || (len < room && byte_is(at[len], BYTE_ALNUM)))
		return false;
	if (byte_is(at[0], BYTE_LOWER))
		level->letter_case = LEVEL_LOWER;
	else
		level->letter_case =
			(classes & BYTE_LOWER) != 0 ? LEVEL_CAPITALIZED : LEVEL_UPPER;
	if ((classes & BYTE_UPPER) != 0 && level->letter_case != LEVEL_UPPER)
		return false;
	level->word = at;
	level->len = len;
	level->severity = severity_of_word(slice_of(at, len));
	return level->severity != SEVERITY_NONE;
}

bool header_is_level_end(char c)
{
	return c == '\0' || c == ':' || c == ',' || c == '|' || c == ']' || c == ')' ||
	       c == '>' || byte_is(c, BYTE_BLANK);
}
