/* timestamp_epoch.c - numbers since 1970: their size tells seconds from finer units */
#include "pipeline/timestamp_cursor.h"
#include "pipeline/timestamp_scan.h"

#define EPOCH_MIN_S INT64_C(631152000)  /* 1990 */
#define EPOCH_MAX_S INT64_C(4102444800) /* 2100 */

static int64_t epoch_us(int64_t seconds, int64_t microsecond)
{
	if (seconds < EPOCH_MIN_S || seconds > EPOCH_MAX_S)
		return TIMESTAMP_NONE;
	return seconds * US_PER_SECOND + microsecond;
}

int64_t timestamp_of_epoch_text(struct slice text)
{
	struct stamp_cursor s = { .at = text.ptr, .end = text.ptr + text.len };
	int64_t value = 0;
	size_t digits = 0;

	/* nines of 19 digits are more than an int64_t holds */
	for (; digits < 19 && is_digit(peek(&s, 0)); digits++, s.at++) {
		if (value > (INT64_MAX - 9) / 10)
			return TIMESTAMP_NONE;
		value = value * 10 + (*s.at - '0');
	}
	stamp_take_fraction(&s);
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
