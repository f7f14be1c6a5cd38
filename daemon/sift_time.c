/* sift_time.c - a cursor over the few forms of time that people type */
#include "daemon/sift_time.h"

#include "base/timestamp.h"

/* the digits at the start as a number, at most `max` of them; -1: there are none */
static int64_t take_number(struct slice *text, size_t max)
{
	int64_t value = 0;
	size_t at = 0;

	while (at < max && at < text->len && text->ptr[at] >= '0' &&
	       text->ptr[at] <= '9') {
		value = value * 10 + (text->ptr[at] - '0');
		at++;
	}
	*text = slice_from(*text, at);
	return at == 0 ? -1 : value;
}

static bool take_char(struct slice *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	*text = slice_from(*text, 1);
	return true;
}

static bool take_two(struct slice *text, int *out)
{
	size_t before = text->len;

	*out = (int)take_number(text, 2);
	return before - text->len == 2;
}

/* HH:MM or HH:MM:SS, to the end */
static bool take_clock(struct slice text, struct civil_time *civil)
{
	if (!take_two(&text, &civil->hour) || !take_char(&text, ':') ||
	    !take_two(&text, &civil->minute))
		return false;
	if (take_char(&text, ':') && !take_two(&text, &civil->second))
		return false;
	return text.len == 0;
}

/* YYYY-MM-DD, alone or with a clock */
static bool take_date(struct slice text, struct civil_time *civil)
{
	size_t before = text.len;

	civil->year = (int)take_number(&text, 4);
	if (before - text.len != 4 || !take_char(&text, '-') ||
	    !take_two(&text, &civil->month) || !take_char(&text, '-') ||
	    !take_two(&text, &civil->day))
		return false;
	if (text.len == 0)
		return true;
	return (take_char(&text, ' ') || take_char(&text, 'T')) &&
	       take_clock(text, civil);
}

static int64_t unit_us(char unit)
{
	switch (unit) {
	case 's':
		return US_PER_SECOND;
	case 'm':
		return 60 * US_PER_SECOND;
	case 'h':
		return 3600 * US_PER_SECOND;
	case 'd':
		return US_PER_DAY;
	case 'w':
		return 7 * US_PER_DAY;
	default:
		return 0;
	}
}

/* what follows the minus: "2h", "1h30m" */
static bool take_span(struct slice text, int64_t *span_us)
{
	*span_us = 0;
	if (text.len == 0)
		return false;
	while (text.len > 0) {
		/* so few digits that no sum can overflow */
		int64_t value = take_number(&text, 6);
		int64_t unit = text.len == 0 ? 0 : unit_us(text.ptr[0]);

		if (value < 0 || unit == 0 || *span_us > INT64_MAX / 4)
			return false;
		*span_us += value * unit;
		text = slice_from(text, 1);
	}
	return true;
}

bool sift_time_parse(struct slice text, int64_t now_us, int64_t *time_us)
{
	struct civil_time civil = { 0 };
	int64_t span_us = 0;

	if (slice_equal(text, SLICE("now"))) {
		*time_us = now_us;
		return true;
	}
	if (take_char(&text, '-')) {
		if (!take_span(text, &span_us))
			return false;
		*time_us = now_us - span_us;
		return true;
	}
	if (timestamp_parse(text, time_us))
		return true;
	if (!take_date(text, &civil)) {
		civil = timestamp_to_civil(now_us);
		civil.second = civil.microsecond = 0;
		if (!take_clock(text, &civil))
			return false;
	}
	if (!civil_valid(&civil))
		return false;
	*time_us = timestamp_of_civil(&civil);
	return true;
}
