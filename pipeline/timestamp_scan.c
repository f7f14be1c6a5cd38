/* timestamp_scan.c - the number of leading digits and the byte behind them decide which
 * shape is tried; each shape is tried at most once */
#include "pipeline/timestamp_scan.h"

#include <stdbool.h>

#include "base/timestamp.h"

#define YEAR_MIN 1970
#define YEAR_MAX 2199
#define EPOCH_MIN_S INT64_C(631152000)  /* 1990 */
#define EPOCH_MAX_S INT64_C(4102444800) /* 2100 */

struct scan {
	const char *at;
	const char *end;
	struct civil_time civil;
	int32_t zone_s;
	bool has_zone;
	bool year_known;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

static char peek(const struct scan *s, size_t ahead)
{
	return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool take_two(struct scan *s, int *value)
{
	if (!is_digit(peek(s, 0)) || !is_digit(peek(s, 1)))
		return false;
	*value = (s->at[0] - '0') * 10 + (s->at[1] - '0');
	s->at += 2;
	return true;
}

static bool take_one_or_two(struct scan *s, int *value)
{
	if (take_two(s, value))
		return !is_digit(peek(s, 0));
	if (!is_digit(peek(s, 0)))
		return false;
	*value = *s->at++ - '0';
	return true;
}

static bool take_four(struct scan *s, int *value)
{
	int high = 0;
	int low = 0;

	if (!take_two(s, &high) || !take_two(s, &low))
		return false;
	*value = high * 100 + low;
	return true;
}

static bool take_blanks(struct scan *s)
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

static bool is_weekday(const char *bytes)
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
static bool take_month_name(struct scan *s, int *month)
{
	if (s->end - s->at < 4 || (*month = month_of_name(s->at)) == 0)
		return false;
	s->at += 3;
	for (int i = 0; i < 6 && is_alpha(peek(s, 0)); i++)
		s->at++;
	return !is_alpha(peek(s, 0));
}

static void take_fraction(struct scan *s)
{
	char c = peek(s, 0);

	if ((c != '.' && c != ',' && c != ':') || !is_digit(peek(s, 1)))
		return;
	s->at++;

	int scale = 100000;

	for (; is_digit(peek(s, 0)); s->at++) {
		s->civil.microsecond += (*s->at - '0') * scale;
		scale /= 10;
	}
}

/* " AM" or "PM" behind a twelve-hour time */
static void take_half_day(struct scan *s)
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
static bool take_zone_offset(struct scan *s, size_t skip)
{
	struct scan try = *s;
	int hours = 0;
	int minutes = 0;

	try.at += skip;

	bool west = peek(&try, 0) == '-';

	try.at++;
	if (!take_two(&try, &hours))
		return false;
	(void)take(&try, ':'); /* both spellings */
	if (!take_two(&try, &minutes) && (skip > 0 || try.at[-1] == ':'))
		return false;
	if (hours > 15 || minutes > 59 || is_digit(peek(&try, 0)))
		return false;
	s->at = try.at;
	s->zone_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	s->has_zone = true;
	return true;
}

/* names that mean one offset everywhere they are used in logs */
static const struct {
	char name[5];
	int8_t quarter_hours;
} zone_names[] = {
	{ "UTC", 0 },   { "GMT", 0 },   { "EST", -20 }, { "EDT", -16 }, { "CST", -24 },
	{ "CDT", -20 }, { "MST", -28 }, { "MDT", -24 }, { "PST", -32 }, { "PDT", -28 },
	{ "WET", 0 },   { "WEST", 4 },  { "CET", 4 },   { "CEST", 8 },  { "EET", 8 },
	{ "EEST", 12 }, { "BST", 4 },   { "MSK", 12 },  { "JST", 36 },  { "KST", 36 },
	{ "AEST", 40 }, { "AEDT", 44 },
};

static bool take_zone_name(struct scan *s, size_t skip)
{
	size_t len = 0;

	while (len < 5 && peek(s, skip + len) >= 'A' && peek(s, skip + len) <= 'Z')
		len++;
	if (len < 3 || len > 4 || is_alpha(peek(s, skip + len)) ||
	    is_digit(peek(s, skip + len)))
		return false;
	for (size_t i = 0; i < sizeof(zone_names) / sizeof(zone_names[0]); i++) {
		if (strlen(zone_names[i].name) != len ||
		    memcmp(s->at + skip, zone_names[i].name, len) != 0)
			continue;
		s->at += skip + len;
		s->zone_s = zone_names[i].quarter_hours * 900;
		s->has_zone = true;
		return true;
	}
	return false;
}

static void take_zone(struct scan *s)
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

/* hh:mm[:ss[.f]][ AM][ zone]; dots for colons as in hh.mm.ss.f */
static bool take_time(struct scan *s, bool seconds_required)
{
	if (!take_one_or_two(s, &s->civil.hour))
		return false;

	char separator = peek(s, 0);

	if (separator != ':' && separator != '.')
		return false;
	s->at++;
	if (!take_two(s, &s->civil.minute))
		return false;
	if (peek(s, 0) == separator && is_digit(peek(s, 1))) {
		s->at++;
		if (!take_two(s, &s->civil.second))
			return false;
		take_fraction(s);
	} else if (seconds_required || separator == '.') {
		return false;
	}
	take_half_day(s);
	take_zone(s);
	return true;
}

/* hhmmss[.f][zone] */
static bool take_compact_time(struct scan *s)
{
	if (!take_two(s, &s->civil.hour) || !take_two(s, &s->civil.minute) ||
	    !take_two(s, &s->civil.second) || is_digit(peek(s, 0)))
		return false;
	take_fraction(s);
	take_zone(s);
	return true;
}

/* a stamp ends where no word or number goes on */
static bool at_boundary(const struct scan *s)
{
	char c = peek(s, 0);

	return !is_alpha(c) && !is_digit(c) && (unsigned char)c < 0x80 && c != '%';
}

static int64_t resolve(const struct scan *s, const struct timestamp_context *context)
{
	int32_t zone = s->has_zone ? s->zone_s : context->zone_offset_s;

	return timestamp_of_civil(&s->civil) - zone * US_PER_SECOND;
}

/* the latest year in which the date exists and is not more than a day ahead of now */
static int64_t resolve_year(struct scan *s, const struct timestamp_context *context)
{
	int year = timestamp_to_civil(context->now_us).year + 1;

	for (int tries = 0; tries < 10; tries++) {
		s->civil.year = year - tries;
		if (!civil_valid(&s->civil))
			continue;

		int64_t us = resolve(s, context);

		if (us <= context->now_us + US_PER_DAY)
			return us;
	}
	return TIMESTAMP_NONE;
}

static int64_t resolve_day(struct scan *s, const struct timestamp_context *context)
{
	int32_t zone = s->has_zone ? s->zone_s : context->zone_offset_s;
	struct civil_time today =
		timestamp_to_civil(context->now_us + zone * US_PER_SECOND);

	s->civil.year = today.year;
	s->civil.month = today.month;
	s->civil.day = today.day;

	int64_t us = resolve(s, context);

	if (us > context->now_us + US_PER_DAY / 2)
		us -= US_PER_DAY;
	else if (us < context->now_us - US_PER_DAY / 2)
		us += US_PER_DAY;
	return us;
}

static bool time_in_range(const struct civil_time *civil)
{
	return civil->hour <= 23 && civil->minute <= 59 && civil->second <= 60;
}

static bool finish(struct scan *s, const struct timestamp_context *context,
		   enum timestamp_shape shape, struct timestamp_match *match)
{
	if (!at_boundary(s) || !time_in_range(&s->civil))
		return false;
	match->shape = shape;
	if (shape == TIMESTAMP_TIME)
		match->us = resolve_day(s, context);
	else if (!s->year_known)
		match->us = resolve_year(s, context);
	else if (s->civil.year < YEAR_MIN || s->civil.year > YEAR_MAX ||
		 !civil_valid(&s->civil))
		match->us = TIMESTAMP_NONE;
	else
		match->us = resolve(s, context);
	return true;
}

/* a date is read; the time may follow behind T, _, -, : or blanks */
static bool finish_date(struct scan *s, const struct timestamp_context *context,
			bool time_required, struct timestamp_match *match)
{
	struct scan time = *s;
	char c = peek(s, 0);

	if (c == ',' && peek(s, 1) == ' ') {
		time.at++;
		c = ' ';
	}
	if (c == ' ')
		(void)take_blanks(&time); /* there is one */
	else if (c == 'T' || c == 't' || c == '_' || c == '-' || c == ':')
		time.at++;
	if (time.at > s->at && take_time(&time, false) &&
	    finish(&time, context, TIMESTAMP_FULL, match)) {
		s->at = time.at;
		return true;
	}
	if (time_required || c == 'T' || c == '_' || c == ':')
		return false;
	return finish(s, context, TIMESTAMP_DATE, match);
}

static void set_short_year(struct scan *s, int year)
{
	s->civil.year = year + (year < 70 ? 2000 : 1900);
	s->year_known = true;
}

/* YYYY-MM-DD with - / . between, YYYY Mon D T */
static bool scan_year_first(struct scan *s, const struct timestamp_context *context,
			    struct timestamp_match *match)
{
	if (!take_four(s, &s->civil.year))
		return false;
	s->year_known = true;

	char separator = peek(s, 0);

	if (separator == ' ') {
		s->at++;
		return take_month_name(s, &s->civil.month) && take_blanks(s) &&
		       take_one_or_two(s, &s->civil.day) &&
		       finish_date(s, context, true, match);
	}
	s->at++;
	if (is_alpha(peek(s, 0)) ? !take_month_name(s, &s->civil.month)
				 : !take_one_or_two(s, &s->civil.month))
		return false;
	if (!take(s, separator) || !take_one_or_two(s, &s->civil.day))
		return false;
	return finish_date(s, context, false, match);
}

/* YYYYMMDD and, behind T, - or blank or at once, hhmmss or hh:mm:ss */
static bool scan_compact(struct scan *s, size_t digits,
			 const struct timestamp_context *context,
			 struct timestamp_match *match)
{
	if (!take_four(s, &s->civil.year) || !take_two(s, &s->civil.month) ||
	    !take_two(s, &s->civil.day))
		return false;
	s->year_known = true;
	if (s->civil.year < YEAR_MIN || s->civil.year > YEAR_MAX ||
	    !civil_valid(&s->civil))
		return false;
	if (digits == 14)
		return take_compact_time(s) &&
		       finish(s, context, TIMESTAMP_FULL, match);

	char c = peek(s, 0);

	if (c != 'T' && c != '-' && c != '_' && c != ' ')
		return false;
	s->at++;

	struct scan compact = *s;

	if (take_compact_time(&compact) &&
	    finish(&compact, context, TIMESTAMP_FULL, match)) {
		s->at = compact.at;
		return true;
	}
	return take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

/* YYMMDD hhmmss, YYMMDD h:mm:ss */
static bool scan_six(struct scan *s, const struct timestamp_context *context,
		     struct timestamp_match *match)
{
	int year = 0;

	if (!take_two(s, &year) || !take_two(s, &s->civil.month) ||
	    !take_two(s, &s->civil.day) || !take_blanks(s))
		return false;
	set_short_year(s, year);
	if (!civil_valid(&s->civil))
		return false;

	struct scan compact = *s;

	if (take_compact_time(&compact) &&
	    finish(&compact, context, TIMESTAMP_FULL, match)) {
		s->at = compact.at;
		return true;
	}
	return take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

static int64_t epoch_us(int64_t seconds, int64_t microsecond)
{
	if (seconds < EPOCH_MIN_S || seconds > EPOCH_MAX_S)
		return TIMESTAMP_NONE;
	return seconds * US_PER_SECOND + microsecond;
}

/* 10[.f], 13, 16 or 19 digits */
static bool scan_epoch(struct scan *s, size_t digits, struct timestamp_match *match)
{
	int64_t value = 0;

	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (*s->at++ - '0');
	if (digits == 10) {
		if (peek(s, 0) == '.')
			take_fraction(s);
		match->us = epoch_us(value, s->civil.microsecond);
	} else if (digits == 13) {
		match->us = epoch_us(value / 1000, value % 1000 * 1000);
	} else if (digits == 16) {
		match->us = epoch_us(value / 1000000, value % 1000000);
	} else {
		match->us = epoch_us(value / 1000000000, value % 1000000000 / 1000);
	}
	match->shape = TIMESTAMP_EPOCH;
	/* any other number of ten digits is an id */
	return match->us != TIMESTAMP_NONE && at_boundary(s) && peek(s, 0) != '-' &&
	       peek(s, 0) != '.' && peek(s, 0) != '/' && peek(s, 0) != '=';
}

/* three numbers of two digits: the year's place follows the separator's custom */
static bool order_short_date(struct scan *s, char separator, int first, int last)
{
	int middle = s->civil.month;

	if (separator == '.') {
		s->civil.day = first;
		set_short_year(s, last);
	} else {
		set_short_year(s, first);
		s->civil.day = last;
		if (!civil_valid(&s->civil) && separator == '/') {
			/* 31/12/24 */
			s->civil.day = first;
			set_short_year(s, last);
		}
	}
	if (!civil_valid(&s->civil) && middle <= 31 && first <= 12) {
		/* 12/31/24 */
		s->civil.month = first;
		s->civil.day = middle;
		set_short_year(s, last);
	}
	return civil_valid(&s->civil);
}

/* D sep M sep YYYY; with slashes the month comes first where it can */
static void order_long_date(struct scan *s, char separator, int first, int second)
{
	bool month_first = separator == '/' ? first <= 12 : second > 12;

	s->civil.month = month_first ? first : second;
	s->civil.day = month_first ? second : first;
	s->year_known = true;
}

/* MM-DD T, MM.DD T: no year */
static bool finish_yearless(struct scan *s, int first, int second,
			    const struct timestamp_context *context,
			    struct timestamp_match *match)
{
	bool month_first = first <= 12;

	s->civil.year = 2000; /* a leap year, until resolve_year */
	s->civil.month = month_first ? first : second;
	s->civil.day = month_first ? second : first;
	return take_blanks(s) && civil_valid(&s->civil) && take_time(s, true) &&
	       finish(s, context, TIMESTAMP_FULL, match);
}

/* behind "D-" etc.: a month name or number, then a year or a time */
static bool scan_day_first(struct scan *s, const struct timestamp_context *context,
			   struct timestamp_match *match)
{
	int first = 0;
	int second = 0;

	if (!take_one_or_two(s, &first))
		return false;

	char separator = *s->at++;

	if (is_alpha(peek(s, 0))) {
		s->civil.day = first;
		if (!take_month_name(s, &s->civil.month) || !take(s, separator))
			return false;

		const char *year = s->at;
		int two = 0;

		if (!take_four(s, &s->civil.year)) {
			s->at = year;
			if (!take_two(s, &two))
				return false;
			set_short_year(s, two);
		}
		s->year_known = true;
		return finish_date(s, context, true, match);
	}
	if (!take_one_or_two(s, &second))
		return false;
	if (peek(s, 0) == ' ' && separator != '/')
		return finish_yearless(s, first, second, context, match);
	if (!take(s, separator))
		return false;

	const char *last = s->at;
	int two = 0;

	if (take_four(s, &s->civil.year)) {
		order_long_date(s, separator, first, second);
		return finish_date(s, context, false, match);
	}
	s->at = last;
	s->civil.month = second;
	return take_two(s, &two) && order_short_date(s, separator, first, two) &&
	       finish_date(s, context, true, match);
}

/* D Mon YYYY[,] T */
static bool scan_day_name(struct scan *s, const struct timestamp_context *context,
			  struct timestamp_match *match)
{
	if (!take_one_or_two(s, &s->civil.day) || !take_blanks(s) ||
	    !take_month_name(s, &s->civil.month) || !take_blanks(s))
		return false;

	struct scan year = *s;

	if (take_four(&year, &year.civil.year)) {
		year.year_known = true;
		*s = year;
		return finish_date(s, context, true, match);
	}
	s->civil.year = 2000;
	return take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

/* Mon D T [YYYY], Mon D YYYY T, Mon D, YYYY T */
static bool scan_month_name(struct scan *s, const struct timestamp_context *context,
			    struct timestamp_match *match)
{
	if (!take_month_name(s, &s->civil.month) || !take_blanks(s) ||
	    !take_one_or_two(s, &s->civil.day))
		return false;
	(void)take(s, ','); /* "Jan 2, 2006" */
	if (!take_blanks(s))
		return false;

	struct scan year = *s;

	if (take_four(&year, &year.civil.year) && !is_digit(peek(&year, 0))) {
		year.year_known = true;
		*s = year;
		return finish_date(s, context, true, match);
	}
	s->civil.year = 2000;
	if (s->civil.day < 1 || s->civil.day > civil_month_days(2000, s->civil.month) ||
	    !take_time(s, true))
		return false;
	year = *s;
	if (take_blanks(&year) && take_four(&year, &year.civil.year) &&
	    at_boundary(&year) && year.civil.year >= YEAR_MIN &&
	    year.civil.year <= YEAR_MAX) {
		year.year_known = true;
		*s = year;
		return finish(s, context, TIMESTAMP_FULL, match);
	}
	return finish(s, context, TIMESTAMP_SYSLOG, match);
}

static size_t count_digits(const struct scan *s)
{
	size_t n = 0;

	while (n < 20 && is_digit(peek(s, n)))
		n++;
	return n;
}

static bool is_date_separator(char c)
{
	return c == '-' || c == '/' || c == '.';
}

static bool scan_short_number(struct scan *s, size_t digits,
			      const struct timestamp_context *context,
			      struct timestamp_match *match)
{
	char next = peek(s, digits);

	if (next == ':')
		return take_time(s, true) && finish(s, context, TIMESTAMP_TIME, match);
	if (is_date_separator(next))
		return scan_day_first(s, context, match);
	if (next == ' ' && is_alpha(peek(s, digits + 1)))
		return scan_day_name(s, context, match);
	return false;
}

static bool scan_number(struct scan *s, const struct timestamp_context *context,
			struct timestamp_match *match)
{
	size_t digits = count_digits(s);
	char next = peek(s, digits);

	switch (digits) {
	case 1:
	case 2:
		return scan_short_number(s, digits, context, match);
	case 4:
		return (is_date_separator(next) || next == ' ') &&
		       scan_year_first(s, context, match);
	case 6:
		return next == ' ' && scan_six(s, context, match);
	case 8:
	case 14:
		return scan_compact(s, digits, context, match);
	case 10:
	case 13:
	case 16:
	case 19:
		return scan_epoch(s, digits, match);
	default:
		return false;
	}
}

/* "Sun Dec 04 ...", "Sun, 06 Nov 1994 ..." */
static bool scan_name(struct scan *s, const struct timestamp_context *context,
		      struct timestamp_match *match)
{
	if (s->end - s->at < 8)
		return false;
	if (!is_weekday(s->at))
		return scan_month_name(s, context, match);
	s->at += 3;
	(void)take(s, ','); /* RFC 2822 */
	if (!take_blanks(s))
		return false;
	return is_digit(peek(s, 0)) ? scan_day_name(s, context, match)
				    : scan_month_name(s, context, match);
}

size_t timestamp_scan(struct slice text, const struct timestamp_context *context,
		      struct timestamp_match *match)
{
	if (text.len < 8)
		return 0;

	struct scan s = {
		.at = text.ptr,
		.end = text.ptr + text.len,
		.civil = { .year = 2000, .month = 1, .day = 1 },
	};
	bool found = is_digit(*s.at)   ? scan_number(&s, context, match)
		     : is_alpha(*s.at) ? scan_name(&s, context, match)
				       : false;

	return found ? (size_t)(s.at - text.ptr) : 0;
}

int64_t timestamp_of_epoch_text(struct slice text)
{
	struct scan s = { .at = text.ptr, .end = text.ptr + text.len };
	int64_t value = 0;
	size_t digits = 0;

	for (; digits < 19 && is_digit(peek(&s, 0)); digits++)
		value = value * 10 + (*s.at++ - '0');
	take_fraction(&s);
	if (digits < 9 || s.at != s.end)
		return TIMESTAMP_NONE;
	if (value <= EPOCH_MAX_S)
		return epoch_us(value, s.civil.microsecond);
	if (value <= EPOCH_MAX_S * 1000)
		return epoch_us(value / 1000, value % 1000 * 1000);
	if (value <= EPOCH_MAX_S * 1000000)
		return epoch_us(value / 1000000, value % 1000000);
	return epoch_us(value / 1000000000, value % 1000000000 / 1000);
}

int64_t timestamp_of_text(struct slice text, const struct timestamp_context *context)
{
	struct timestamp_match match;

	text = slice_trim(text);
	if (text.len == 0 || timestamp_scan(text, context, &match) != text.len)
		return TIMESTAMP_NONE;
	return match.us;
}
