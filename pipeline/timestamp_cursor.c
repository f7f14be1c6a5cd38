/* timestamp_cursor.c - digits, month names, times of day, fractions and zones */
#include "pipeline/timestamp_cursor.h"

#include <string.h>

bool stamp_take_two(struct stamp_cursor *s, int *value)
{
	if (!is_digit(peek(s, 0)) || !is_digit(peek(s, 1)))
		return false;
	*value = (s->at[0] - '0') * 10 + (s->at[1] - '0');
	s->at += 2;
	return true;
}

bool stamp_take_one_or_two(struct stamp_cursor *s, int *value)
{
	if (stamp_take_two(s, value))
		return !is_digit(peek(s, 0));
	if (!is_digit(peek(s, 0)))
		return false;
	*value = *s->at++ - '0';
	return true;
}

bool stamp_take_four(struct stamp_cursor *s, int *value)
{
	int high = 0;
	int low = 0;

	if (!stamp_take_two(s, &high) || !stamp_take_two(s, &low))
		return false;
	*value = high * 100 + low;
	return true;
}

bool stamp_take_blanks(struct stamp_cursor *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at == ' ')
		s->at++;
	return s->at > from;
}

static uint32_t lower3(const char *bytes)
{
	return ((uint32_t)(unsigned char)bytes[0] | 0x20) << 16 |
	       ((uint32_t)(unsigned char)bytes[1] | 0x20) << 8 |
	       ((uint32_t)(unsigned char)bytes[2] | 0x20);
}

#define NAME3(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

static int month_of_name(const char *bytes)
{
	switch (lower3(bytes)) {
	case NAME3('j', 'a', 'n'):
		return 1;
	case NAME3('f', 'e', 'b'):
		return 2;
	case NAME3('m', 'a', 'r'):
		return 3;
	case NAME3('a', 'p', 'r'):
		return 4;
	case NAME3('m', 'a', 'y'):
		return 5;
	case NAME3('j', 'u', 'n'):
		return 6;
	case NAME3('j', 'u', 'l'):
		return 7;
	case NAME3('a', 'u', 'g'):
		return 8;
	case NAME3('s', 'e', 'p'):
		return 9;
	case NAME3('o', 'c', 't'):
		return 10;
	case NAME3('n', 'o', 'v'):
		return 11;
	case NAME3('d', 'e', 'c'):
		return 12;
	default:
		return 0;
	}
}

bool stamp_is_weekday(const char *bytes)
{
	switch (lower3(bytes)) {
	case NAME3('m', 'o', 'n'):
	case NAME3('t', 'u', 'e'):
	case NAME3('w', 'e', 'd'):
	case NAME3('t', 'h', 'u'):
	case NAME3('f', 'r', 'i'):
	case NAME3('s', 'a', 't'):
	case NAME3('s', 'u', 'n'):
		return true;
	default:
		return false;
	}
}

/* "Jan"; a longer name passes when only letters follow ("January") */

/* of the full names, behind their first three letters */
static const char month_tails[12][7] = { "uary",   "ruary", "ch",    "il",
					 "",       "e",     "y",     "ust",
					 "tember", "ober",  "ember", "ember" };

bool stamp_take_month_name(struct stamp_cursor *s, int *month)
{
	if (s->end - s->at < 4 || (*month = month_of_name(s->at)) == 0)
		return false;
	s->at += 3;
	if (is_alpha(peek(s, 0))) {
		size_t len = strlen(month_tails[*month - 1]);

		if ((size_t)(s->end - s->at) < len ||
		    memcmp(s->at, month_tails[*month - 1], len) != 0)
			return false;
		s->at += len;
	}
	return !is_alpha(peek(s, 0));
}

void stamp_take_fraction(struct stamp_cursor *s)
{
	char c = peek(s, 0);

	if ((c != '.' && c != ',' && c != ':') || !is_digit(peek(s, 1)))
		return;
	s->at++;

	static const int scales[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };
	unsigned digits = 0;
	int value = 0;

	for (; is_digit(peek(s, 0)); s->at++) {
		if (digits < 6) {
			value = value * 10 + (*s->at - '0');
			digits++;
		}
	}
	s->civil.microsecond = value * scales[digits];
}

/* " AM" or "PM" behind a twelve-hour time */
void stamp_take_half_day(struct stamp_cursor *s)
{
	size_t skip = peek(s, 0) == ' ' ? 1 : 0;
	char half = (char)(peek(s, skip) | 0x20);

	if ((half != 'a' && half != 'p') || (peek(s, skip + 1) | 0x20) != 'm' ||
	    is_alpha(peek(s, skip + 2)) || is_digit(peek(s, skip + 2)))
		return;
	if (s->civil.hour < 1 || s->civil.hour > 12)
		return;
	s->civil.hour = s->civil.hour % 12 + (half == 'p' ? 12 : 0);
	s->at += skip + 2;
}

/* "+0200", "+02:00", "-05" (the short form only right behind the time) */
static bool take_zone_offset(struct stamp_cursor *s, size_t skip)
{
	struct stamp_cursor try = *s;
	int hours = 0;
	int minutes = 0;

	try.at += skip;

	bool west = peek(&try, 0) == '-';

	try.at++;
	if (!stamp_take_two(&try, &hours))
		return false;
	(void)take(&try, ':'); /* both spellings */
	if (!stamp_take_two(&try, &minutes) && (skip > 0 || try.at[-1] == ':'))
		return false;
	if (hours > 15 || minutes > 59 || is_digit(peek(&try, 0)))
		return false;
	s->at = try.at;
	s->zone_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	s->has_zone = true;
	return true;
}

#define ZONE(a, b, c, d)                                                               \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define QUARTER_HOUR_S 900

/* names that mean one offset everywhere they are used in logs */
static bool zone_of_name(uint32_t name, int32_t *zone_s)
{
	int quarters = 0;

	switch (name) {
	case ZONE(0, 'U', 'T', 'C'):
	case ZONE(0, 'G', 'M', 'T'):
	case ZONE(0, 'W', 'E', 'T'):
		break;
	case ZONE(0, 'E', 'S', 'T'):
	case ZONE(0, 'C', 'D', 'T'):
		quarters = -20;
		break;
	case ZONE(0, 'E', 'D', 'T'):
		quarters = -16;
		break;
	case ZONE(0, 'C', 'S', 'T'):
	case ZONE(0, 'M', 'D', 'T'):
		quarters = -24;
		break;
	case ZONE(0, 'M', 'S', 'T'):
	case ZONE(0, 'P', 'D', 'T'):
		quarters = -28;
		break;
	case ZONE(0, 'P', 'S', 'T'):
		quarters = -32;
		break;
	case ZONE(0, 'B', 'S', 'T'):
	case ZONE(0, 'C', 'E', 'T'):
	case ZONE('W', 'E', 'S', 'T'):
		quarters = 4;
		break;
	case ZONE('C', 'E', 'S', 'T'):
	case ZONE(0, 'E', 'E', 'T'):
		quarters = 8;
		break;
	case ZONE('E', 'E', 'S', 'T'):
	case ZONE(0, 'M', 'S', 'K'):
		quarters = 12;
		break;
	case ZONE(0, 'J', 'S', 'T'):
	case ZONE(0, 'K', 'S', 'T'):
		quarters = 36;
		break;
	case ZONE('A', 'E', 'S', 'T'):
		quarters = 40;
		break;
	case ZONE('A', 'E', 'D', 'T'):
		quarters = 44;
		break;
	default:
		return false;
	}
	*zone_s = quarters * QUARTER_HOUR_S;
	return true;
}

static bool take_zone_name(struct stamp_cursor *s, size_t skip)
{
	uint32_t name = 0;
	size_t len = 0;

	for (; len < 4 && peek(s, skip + len) >= 'A' && peek(s, skip + len) <= 'Z';
	     len++)
		name = name << 8 | (uint32_t)(unsigned char)peek(s, skip + len);
	if (len < 3 || is_alpha(peek(s, skip + len)) || is_digit(peek(s, skip + len)) ||
	    !zone_of_name(name, &s->zone_s))
		return false;
	s->at += skip + len;
	s->has_zone = true;
	return true;
}

void stamp_take_zone(struct stamp_cursor *s)
{
	char c = peek(s, 0);
	size_t skip = c == ' ' ? 1 : 0;

	if (c == 'Z' || c == 'z') {
		if (is_alpha(peek(s, 1)) || is_digit(peek(s, 1)))
			return;
		s->at++;
		s->zone_s = 0;
		s->has_zone = true;
		return;
	}
	c = peek(s, skip);
	if (c == '+' || c == '-')
		(void)take_zone_offset(s, skip); /* no zone is fine */
	else if (c >= 'A' && c <= 'Z')
		(void)take_zone_name(s, skip); /* no zone is fine */
}

/* some clocks do not pad: 20171223-22:16:0:15. Only behind a full date, where nothing
 * else can be meant. */
static bool take_sixtieth(struct stamp_cursor *s, char separator, int *out)
{
	if (s->year_known && separator == ':')
		return stamp_take_one_or_two(s, out);
	return stamp_take_two(s, out);
}

/* hh:mm[:ss[.f]][ AM][ zone]; dots for colons as in hh.mm.ss.f */
bool stamp_take_time(struct stamp_cursor *s, bool seconds_required)
{
	if (!stamp_take_one_or_two(s, &s->civil.hour))
		return false;

	char separator = peek(s, 0);

	if (separator != ':' && separator != '.')
		return false;
	s->at++;
	if (!take_sixtieth(s, separator, &s->civil.minute))
		return false;
	if (peek(s, 0) == separator && is_digit(peek(s, 1))) {
		s->at++;
		if (!take_sixtieth(s, separator, &s->civil.second))
			return false;
		stamp_take_fraction(s);
	} else if (seconds_required || separator == '.') {
		return false;
	}
	stamp_take_half_day(s);
	stamp_take_zone(s);
	return true;
}

/* hhmmss[.f][zone] */
bool stamp_take_compact_time(struct stamp_cursor *s)
{
	if (!stamp_take_two(s, &s->civil.hour) ||
	    !stamp_take_two(s, &s->civil.minute) ||
	    !stamp_take_two(s, &s->civil.second) || is_digit(peek(s, 0)))
		return false;
	stamp_take_fraction(s);
	stamp_take_zone(s);
	return true;
}
