/* timestamp_cursor.h - the parts that timestamps are made of, for timestamp_scan.c only
 *
 * Threads: a cursor lives in one scan.
 *
 * A take function consumes what it names and returns true; on false the cursor may
 * stand anywhere behind where it was.
 */
#ifndef SIFTD_PIPELINE_TIMESTAMP_CURSOR_H
#define SIFTD_PIPELINE_TIMESTAMP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timestamp.h"

struct stamp_cursor {
	const char *at;
	const char *end;
	struct civil_time civil;
	int32_t zone_s;
	bool has_zone;
	bool year_known;
};

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char peek(const struct stamp_cursor *s, size_t ahead)
{
	if ((size_t)(s->end - s->at) > ahead)
		return s->at[ahead];
	return '\0';
}

static inline bool take(struct stamp_cursor *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* "Jan"; a longer name passes when only letters follow ("January") */
bool stamp_take_month_name(struct stamp_cursor *s, int *month);
/* if it is there; digits behind the sixth are cut */
void stamp_take_fraction(struct stamp_cursor *s);
/* " AM" or "PM" behind a twelve-hour time, if it is there */
void stamp_take_half_day(struct stamp_cursor *s);
/* Z, an offset, or a name, if it is there */
void stamp_take_zone(struct stamp_cursor *s);
/* hh:mm[:ss[.f]][ AM][ zone]; dots for colons as in hh.mm.ss.f */
bool stamp_take_time(struct stamp_cursor *s, bool seconds_required);
/* hhmmss[.f][zone] */
bool stamp_take_compact_time(struct stamp_cursor *s);
/* of three bytes */
bool stamp_is_weekday(const char *bytes);
bool stamp_take_two(struct stamp_cursor *s, int *value);
bool stamp_take_one_or_two(struct stamp_cursor *s, int *value);
bool stamp_take_four(struct stamp_cursor *s, int *value);
bool stamp_take_blanks(struct stamp_cursor *s);

#endif
