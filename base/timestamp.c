/* timestamp.c - days_from_civil after Howard Hinnant's "chrono-compatible low-level
 * date algorithms": a year begins in March, so that the leap day is its last */
#include "base/timestamp.h"

#define DAYS_PER_ERA 146097  /* 400 years */
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */
#define TIMESTAMP_MIN (INT64_C(-62135596800) * US_PER_SECOND)
#define TIMESTAMP_MAX (INT64_C(253402300799) * US_PER_SECOND + 999999)

int64_t civil_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

int civil_month_days(int year, int month)
{
	static const signed char days[] = { 31, 28, 31, 30, 31, 30,
					    31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

bool civil_valid(const struct civil_time *civil)
{
	return civil->year >= 1 && civil->year <= 9999 && civil->month >= 1 &&
	       civil->month <= 12 && civil->day >= 1 &&
	       civil->day <= civil_month_days(civil->year, civil->month) &&
	       civil->hour >= 0 && civil->hour <= 23 && civil->minute >= 0 &&
	       civil->minute <= 59 && civil->second >= 0 && civil->second <= 60 &&
	       civil->microsecond >= 0 && civil->microsecond <= 999999;
}

int64_t timestamp_of_civil(const struct civil_time *civil)
{
	int64_t seconds = civil_days(civil->year, civil->month, civil->day) * 86400 +
			  (int64_t)civil->hour * 3600 + (int64_t)civil->minute * 60 +
			  civil->second;

	return seconds * US_PER_SECOND + civil->microsecond;
}

struct civil_time timestamp_to_civil(int64_t timestamp_us)
{
	int64_t rest = timestamp_us % US_PER_DAY;
	int64_t days = timestamp_us / US_PER_DAY;

	if (rest < 0) {
		rest += US_PER_DAY;
		days--;
	}
	days += DAYS_TO_EPOCH;

	int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int64_t day_of_era = days - era * DAYS_PER_ERA;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			       day_of_era / 146096) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	int64_t seconds = rest / US_PER_SECOND;

	return (struct civil_time){
		.year = (int)(year_of_era + era * 400 + (month >= 10 ? 1 : 0)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(seconds / 3600),
		.minute = (int)(seconds / 60 % 60),
		.second = (int)(seconds % 60),
		.microsecond = (int)(rest % US_PER_SECOND),
	};
}

static char *put_digits(char *out, int value, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return out + width;
}

struct slice timestamp_format(int64_t timestamp_us, char out[TIMESTAMP_TEXT_MAX])
{
	if (timestamp_us < TIMESTAMP_MIN)
		timestamp_us = TIMESTAMP_MIN;
	if (timestamp_us > TIMESTAMP_MAX)
		timestamp_us = TIMESTAMP_MAX;

	struct civil_time civil = timestamp_to_civil(timestamp_us);
	char *at = put_digits(out, civil.year, 4);

	*at++ = '-';
	at = put_digits(at, civil.month, 2);
	*at++ = '-';
	at = put_digits(at, civil.day, 2);
	*at++ = 'T';
	at = put_digits(at, civil.hour, 2);
	*at++ = ':';
	at = put_digits(at, civil.minute, 2);
	*at++ = ':';
	at = put_digits(at, civil.second, 2);
	*at++ = '.';
	at = put_digits(at, civil.microsecond, 6);
	*at++ = 'Z';
	*at = '\0';
	return slice_of(out, (size_t)(at - out));
}

/* the digits' value, or -1 */
static int take_digits(struct slice *text, size_t width)
{
	int value = 0;

	if (text->len < width)
		return -1;
	for (size_t i = 0; i < width; i++) {
		char c = text->ptr[i];

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*text = slice_from(*text, width);
	return value;
}

static bool take_one_of(struct slice *text, const char *set)
{
	if (text->len == 0 || text->ptr[0] == '\0' || strchr(set, text->ptr[0]) == NULL)
		return false;
	*text = slice_from(*text, 1);
	return true;
}

static bool take_fraction(struct slice *text, int *microsecond)
{
	int scale = 100000;
	int digit = take_digits(text, 1);

	if (digit < 0)
		return false;
	for (; digit >= 0; digit = take_digits(text, 1)) {
		*microsecond += digit * scale;
		scale /= 10;
	}
	return true;
}

/* "Z" or "+hh:mm", to the end of the text */
static bool take_zone(struct slice *text, int64_t *offset_s)
{
	if (take_one_of(text, "Zz")) {
		*offset_s = 0;
		return text->len == 0;
	}

	bool west = text->len > 0 && text->ptr[0] == '-';

	if (!take_one_of(text, "+-"))
		return false;

	int hours = take_digits(text, 2);
	int minutes = take_one_of(text, ":") ? take_digits(text, 2) : -1;

	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*offset_s = (west ? -1 : 1) * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
	return text->len == 0;
}

bool timestamp_parse(struct slice text, int64_t *timestamp_us)
{
	struct civil_time civil = { 0 };
	int64_t offset_s = 0;

	civil.year = take_digits(&text, 4);
	if (!take_one_of(&text, "-"))
		return false;
	civil.month = take_digits(&text, 2);
	if (!take_one_of(&text, "-"))
		return false;
	civil.day = take_digits(&text, 2);
	if (!take_one_of(&text, "Tt "))
		return false;
	civil.hour = take_digits(&text, 2);
	if (!take_one_of(&text, ":"))
		return false;
	civil.minute = take_digits(&text, 2);
	if (!take_one_of(&text, ":"))
		return false;
	civil.second = take_digits(&text, 2);
	if (take_one_of(&text, ".") && !take_fraction(&text, &civil.microsecond))
		return false;
	if (!take_zone(&text, &offset_s) || !civil_valid(&civil))
		return false;
	*timestamp_us = timestamp_of_civil(&civil) - offset_s * US_PER_SECOND;
	return true;
}
