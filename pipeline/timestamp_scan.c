/* timestamp_scan.c - the number of leading digits and the byte behind them decide which
 * shape is tried; each shape is tried at most once */
#include "pipeline/timestamp_scan.h"

#include "base/compiler.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/timestamp_resolve.h"

/* a stamp ends where no word or number goes on */
static bool at_boundary(const struct stamp_cursor *s)
{
	char c = peek(s, 0);

	return !is_alpha(c) && !is_digit(c) && (unsigned char)c < 0x80 && c != '%';
}

static bool finish(struct stamp_cursor *s, const struct timestamp_context *context,
		   enum timestamp_shape shape, struct timestamp_match *match)
{
	if (!at_boundary(s) || !stamp_time_in_range(s))
		return false;
	match->shape = shape;
	match->us = stamp_resolve(s, shape, context);
	return true;
}

/* a date is read; the time may follow behind T, _, -, : or blanks */
static bool finish_date(struct stamp_cursor *s, const struct timestamp_context *context,
			bool time_required, struct timestamp_match *match)
{
	struct stamp_cursor time = *s;
	char c = peek(s, 0);

	if (c == ',' && peek(s, 1) == ' ') {
		time.at++;
		c = ' ';
	}
	if (c == ' ')
		(void)stamp_take_blanks(&time); /* there is one */
	else if (c == 'T' || c == 't' || c == '_' || c == '-' || c == ':')
		time.at++;
	if (time.at > s->at && stamp_take_time(&time, false) &&
	    finish(&time, context, TIMESTAMP_FULL, match)) {
		s->at = time.at;
		return true;
	}
	if (time_required || c == 'T' || c == '_' || c == ':')
		return false;
	return finish(s, context, TIMESTAMP_DATE, match);
}

static void set_short_year(struct stamp_cursor *s, int year)
{
	s->civil.year = year + (year < 70 ? 2000 : 1900);
	s->year_known = true;
}

static bool two_digits(const char *at, int *value)
{
	unsigned high = (unsigned)at[0] - '0';
	unsigned low = (unsigned)at[1] - '0';

	*value = (int)(high * 10 + low);
	return high <= 9 && low <= 9;
}

/* YYYY-MM-DDThh:mm:ss, the most common by far, without a check a byte */
static bool take_iso(struct stamp_cursor *s)
{
	const char *at = s->at;
	int century = 0;
	int year = 0;

	if (s->end - at < 19 || (at[10] != ' ' && at[10] != 'T') || at[13] != ':' ||
	    at[16] != ':' || at[7] != at[4] || !two_digits(at, &century) ||
	    !two_digits(at + 2, &year) || !two_digits(at + 5, &s->civil.month) ||
	    !two_digits(at + 8, &s->civil.day) ||
	    !two_digits(at + 11, &s->civil.hour) ||
	    !two_digits(at + 14, &s->civil.minute) ||
	    !two_digits(at + 17, &s->civil.second))
		return false;
	s->civil.year = century * 100 + year;
	s->year_known = true;
	s->at += 19;
	stamp_take_fraction(s);
	stamp_take_half_day(s);
	stamp_take_zone(s);
	return true;
}

/* YYYY-MM-DD with - / . between, YYYY Mon D T */
static bool scan_year_first(struct stamp_cursor *s,
			    const struct timestamp_context *context,
			    struct timestamp_match *match)
{
	if (take_iso(s))
		return finish(s, context, TIMESTAMP_FULL, match);
	if (!stamp_take_four(s, &s->civil.year))
		return false;
	s->year_known = true;

	char separator = peek(s, 0);

	if (separator == ' ') {
		s->at++;
		return stamp_take_month_name(s, &s->civil.month) &&
		       stamp_take_blanks(s) &&
		       stamp_take_one_or_two(s, &s->civil.day) &&
		       finish_date(s, context, true, match);
	}
	s->at++;
	if (is_alpha(peek(s, 0)) ? !stamp_take_month_name(s, &s->civil.month)
				 : !stamp_take_one_or_two(s, &s->civil.month))
		return false;
	if (!take(s, separator) || !stamp_take_one_or_two(s, &s->civil.day))
		return false;
	return finish_date(s, context, false, match);
}

/* YYYYMMDD and, behind T, - or blank or at once, hhmmss or hh:mm:ss */
static bool scan_compact(struct stamp_cursor *s, size_t digits,
			 const struct timestamp_context *context,
			 struct timestamp_match *match)
{
	if (!stamp_take_four(s, &s->civil.year) ||
	    !stamp_take_two(s, &s->civil.month) || !stamp_take_two(s, &s->civil.day))
		return false;
	s->year_known = true;
	if (s->civil.year < STAMP_YEAR_MIN || s->civil.year > STAMP_YEAR_MAX ||
	    !civil_valid(&s->civil))
		return false;
	if (digits == 14)
		return stamp_take_compact_time(s) &&
		       finish(s, context, TIMESTAMP_FULL, match);

	char c = peek(s, 0);

	if (c != 'T' && c != '-' && c != '_' && c != ' ')
		return false;
	s->at++;

	struct stamp_cursor compact = *s;

	if (stamp_take_compact_time(&compact) &&
	    finish(&compact, context, TIMESTAMP_FULL, match)) {
		s->at = compact.at;
		return true;
	}
	return stamp_take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

/* YYMMDD hhmmss, YYMMDD h:mm:ss */
static bool scan_six(struct stamp_cursor *s, const struct timestamp_context *context,
		     struct timestamp_match *match)
{
	int year = 0;

	if (!stamp_take_two(s, &year) || !stamp_take_two(s, &s->civil.month) ||
	    !stamp_take_two(s, &s->civil.day) || !stamp_take_blanks(s))
		return false;
	set_short_year(s, year);
	if (!civil_valid(&s->civil))
		return false;

	struct stamp_cursor compact = *s;

	if (stamp_take_compact_time(&compact) &&
	    finish(&compact, context, TIMESTAMP_FULL, match)) {
		s->at = compact.at;
		return true;
	}
	return stamp_take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

/* 10[.f], 13, 16 or 19 digits; any other number of that length is an id */
static bool scan_epoch(struct stamp_cursor *s, size_t digits,
		       struct timestamp_match *match)
{
	const char *from = s->at;

	s->at += digits;
	if (digits == 10 && peek(s, 0) == '.')
		stamp_take_fraction(s);
	match->us = timestamp_of_epoch_text(slice_of(from, (size_t)(s->at - from)));
	match->shape = TIMESTAMP_EPOCH;
	return match->us != TIMESTAMP_NONE && at_boundary(s) && peek(s, 0) != '-' &&
	       peek(s, 0) != '.' && peek(s, 0) != '/' && peek(s, 0) != '=';
}

/* three numbers of two digits: the year's place follows the separator's custom */
static bool order_short_date(struct stamp_cursor *s, char separator, int first,
			     int last)
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
static void order_long_date(struct stamp_cursor *s, char separator, int first,
			    int second)
{
	bool month_first = separator == '/' ? first <= 12 : second > 12;

	s->civil.month = month_first ? first : second;
	s->civil.day = month_first ? second : first;
	s->year_known = true;
}

/* MM-DD T, MM.DD T: no year */
static bool finish_yearless(struct stamp_cursor *s, int first, int second,
			    const struct timestamp_context *context,
			    struct timestamp_match *match)
{
	bool month_first = first <= 12;

	s->civil.year = 2000; /* a leap year, until resolve_year */
	s->civil.month = month_first ? first : second;
	s->civil.day = month_first ? second : first;
	return stamp_take_blanks(s) && civil_valid(&s->civil) &&
	       stamp_take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

/* behind "D-" etc.: a month name or number, then a year or a time */
static bool scan_day_first(struct stamp_cursor *s,
			   const struct timestamp_context *context,
			   struct timestamp_match *match)
{
	int first = 0;
	int second = 0;

	if (!stamp_take_one_or_two(s, &first))
		return false;

	char separator = *s->at++;

	if (is_alpha(peek(s, 0))) {
		s->civil.day = first;
		if (!stamp_take_month_name(s, &s->civil.month) || !take(s, separator))
			return false;

		const char *year = s->at;
		int two = 0;

		if (!stamp_take_four(s, &s->civil.year)) {
			s->at = year;
			if (!stamp_take_two(s, &two))
				return false;
			set_short_year(s, two);
		}
		s->year_known = true;
		return finish_date(s, context, true, match);
	}
	if (!stamp_take_one_or_two(s, &second))
		return false;
	if (peek(s, 0) == ' ' && separator != '/')
		return finish_yearless(s, first, second, context, match);
	if (!take(s, separator))
		return false;

	const char *last = s->at;
	int two = 0;

	if (stamp_take_four(s, &s->civil.year)) {
		order_long_date(s, separator, first, second);
		return finish_date(s, context, false, match);
	}
	s->at = last;
	s->civil.month = second;
	return stamp_take_two(s, &two) && order_short_date(s, separator, first, two) &&
	       finish_date(s, context, true, match);
}

/* D Mon YYYY[,] T */
static bool scan_day_name(struct stamp_cursor *s,
			  const struct timestamp_context *context,
			  struct timestamp_match *match)
{
	if (!stamp_take_one_or_two(s, &s->civil.day) || !stamp_take_blanks(s) ||
	    !stamp_take_month_name(s, &s->civil.month) || !stamp_take_blanks(s))
		return false;

	struct stamp_cursor year = *s;

	if (stamp_take_four(&year, &year.civil.year)) {
		year.year_known = true;
		*s = year;
		return finish_date(s, context, true, match);
	}
	s->civil.year = 2000;
	return stamp_take_time(s, true) && finish(s, context, TIMESTAMP_FULL, match);
}

/* Mon D T [YYYY], Mon D YYYY T, Mon D, YYYY T */
static bool scan_month_name(struct stamp_cursor *s,
			    const struct timestamp_context *context,
			    struct timestamp_match *match)
{
	if (!stamp_take_month_name(s, &s->civil.month) || !stamp_take_blanks(s) ||
	    !stamp_take_one_or_two(s, &s->civil.day))
		return false;
	(void)take(s, ','); /* "Jan 2, 2006" */
	if (!stamp_take_blanks(s))
		return false;

	struct stamp_cursor year = *s;

	if (stamp_take_four(&year, &year.civil.year) && !is_digit(peek(&year, 0))) {
		year.year_known = true;
		*s = year;
		return finish_date(s, context, true, match);
	}
	s->civil.year = 2000;
	if (s->civil.day < 1 || s->civil.day > civil_month_days(2000, s->civil.month) ||
	    !stamp_take_time(s, true))
		return false;
	year = *s;
	if (stamp_take_blanks(&year) && stamp_take_four(&year, &year.civil.year) &&
	    at_boundary(&year) && year.civil.year >= STAMP_YEAR_MIN &&
	    year.civil.year <= STAMP_YEAR_MAX) {
		year.year_known = true;
		*s = year;
		return finish(s, context, TIMESTAMP_FULL, match);
	}
	return finish(s, context, TIMESTAMP_SYSLOG, match);
}

static size_t count_digits(const struct stamp_cursor *s)
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

static bool scan_short_number(struct stamp_cursor *s, size_t digits,
			      const struct timestamp_context *context,
			      struct timestamp_match *match)
{
	char next = peek(s, digits);

	if (next == ':')
		return stamp_take_time(s, true) &&
		       finish(s, context, TIMESTAMP_TIME, match);
	if (is_date_separator(next))
		return scan_day_first(s, context, match);
	if (next == ' ' && is_alpha(peek(s, digits + 1)))
		return scan_day_name(s, context, match);
	return false;
}

static bool scan_number(struct stamp_cursor *s, const struct timestamp_context *context,
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
static bool scan_name(struct stamp_cursor *s, const struct timestamp_context *context,
		      struct timestamp_match *match)
{
	if (s->end - s->at < 8)
		return false;
	if (!stamp_is_weekday(s->at))
		return scan_month_name(s, context, match);
	s->at += 3;
	(void)take(s, ','); /* RFC 2822 */
	if (!stamp_take_blanks(s))
		return false;
	return is_digit(peek(s, 0)) ? scan_day_name(s, context, match)
				    : scan_month_name(s, context, match);
}

/* false: no stamp stands here, whatever the values of the digits are */
static bool may_stand(struct slice text)
{
	struct stamp_cursor s = { .at = text.ptr, .end = text.ptr + text.len };
	int month = 0;

	if (text.len < 8)
		return false;
	if (is_alpha(*s.at))
		return stamp_is_weekday(s.at) || stamp_take_month_name(&s, &month);
	switch (count_digits(&s)) {
	case 1:
	case 2:
	case 4:
	case 6:
	case 8:
	case 10:
	case 13:
	case 14:
	case 16:
	case 19:
		return true;
	default:
		return false;
	}
}

static size_t scan(struct slice text, const struct timestamp_context *context,
		   struct timestamp_match *match)
{
	if (text.len < 8)
		return 0;

	struct stamp_cursor s = {
		.at = text.ptr,
		.end = text.ptr + text.len,
		.civil = { .year = 2000, .month = 1, .day = 1 },
	};
	bool found = is_digit(*s.at)   ? scan_number(&s, context, match)
		     : is_alpha(*s.at) ? scan_name(&s, context, match)
				       : false;

	return found ? (size_t)(s.at - text.ptr) : 0;
}

size_t timestamp_scan(struct slice text, const struct timestamp_context *context,
		      struct timestamp_match *match)
{
	size_t taken = scan(text, context, match);

	if (UNLIKELY(context->trace != NULL) && (taken > 0 || may_stand(text)))
		stamp_trace_note(context->trace, text, taken, match, false);
	return taken;
}

int64_t timestamp_of_text(struct slice text, const struct timestamp_context *context)
{
	struct timestamp_match match;

	text = slice_trim(text);
	if (text.len == 0 || timestamp_scan(text, context, &match) != text.len)
		return TIMESTAMP_NONE;
	return match.us;
}
