/* rfc3339.c - reading a time */
#include "api/rfc3339.h"

#include <time.h>

#define US_PER_S INT64_C(1000000)

/* a number of exactly so many digits, taken from the front */
static bool take_number(struct slice *text, size_t digits, int *out)
{
	*out = 0;
	if (text->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (text->ptr[i] < '0' || text->ptr[i] > '9')
			return false;
		*out = *out * 10 + (text->ptr[i] - '0');
	}
	*text = slice_from(*text, digits);
	return true;
}

/* one of these bytes, taken from the front */
static bool take_one_of(struct slice *text, const char *bytes)
{
	if (text->len == 0 || text->ptr[0] == '\0' ||
	    strchr(bytes, text->ptr[0]) == NULL)
		return false;
	*text = slice_from(*text, 1);
	return true;
}

/* digits behind the point, those past the sixth cut off */
static bool take_fraction(struct slice *text, int64_t *out_us)
{
	int64_t unit = US_PER_S / 10;
	size_t digits = 0;

	*out_us = 0;
	if (!take_one_of(text, "."))
		return true;
	for (; text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9'; digits++) {
		*out_us += unit * (text->ptr[0] - '0');
		unit /= 10;
		*text = slice_from(*text, 1);
	}
	return digits > 0;
}

/* a + that was not escaped in the URL arrives as a blank */
static bool take_zone(struct slice *text, int *out_s)
{
	int sign = text->len > 0 && text->ptr[0] == '-' ? -1 : 1;
	int hours = 0;
	int minutes = 0;

	*out_s = 0;
	if (take_one_of(text, "Zz"))
		return true;
	if (!take_one_of(text, "+- ") || !take_number(text, 2, &hours) ||
	    !take_one_of(text, ":") || !take_number(text, 2, &minutes))
		return false;
	*out_s = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

static bool take_date(struct slice *text, struct tm *out)
{
	if (!take_number(text, 4, &out->tm_year) || !take_one_of(text, "-") ||
	    !take_number(text, 2, &out->tm_mon) || !take_one_of(text, "-") ||
	    !take_number(text, 2, &out->tm_mday))
		return false;
	out->tm_year -= 1900;
	out->tm_mon -= 1;
	return out->tm_mon >= 0 && out->tm_mon < 12 && out->tm_mday >= 1 &&
	       out->tm_mday <= 31;
}

/* seconds may be left out, as browsers do */
static bool take_clock(struct slice *text, struct tm *out)
{
	if (!take_number(text, 2, &out->tm_hour) || !take_one_of(text, ":") ||
	    !take_number(text, 2, &out->tm_min))
		return false;
	if (take_one_of(text, ":") && !take_number(text, 2, &out->tm_sec))
		return false;
	return out->tm_hour < 24 && out->tm_min < 60 && out->tm_sec <= 60;
}

bool rfc3339_parse(struct slice text, int64_t *out_us)
{
	struct tm parts = { 0 };
	int64_t fraction_us = 0;
	int zone_s = 0;

	if (!take_date(&text, &parts) || !take_one_of(&text, "Tt ") ||
	    !take_clock(&text, &parts) || !take_fraction(&text, &fraction_us) ||
	    !take_zone(&text, &zone_s) || text.len > 0)
		return false;
	*out_us = ((int64_t)timegm(&parts) - zone_s) * US_PER_S + fraction_us;
	return true;
}
