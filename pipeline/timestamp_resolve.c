/* timestamp_resolve.c - zones, and years and days that a stamp does not name */
#include "pipeline/timestamp_resolve.h"

static int64_t resolve(const struct stamp_cursor *s,
		       const struct timestamp_context *context)
{
	int32_t zone = s->has_zone ? s->zone_s : context->zone_offset_s;

	return timestamp_of_civil(&s->civil) - zone * US_PER_SECOND;
}

/* the latest year in which the date exists and is not more than a day ahead of now */
static int64_t resolve_year(struct stamp_cursor *s,
			    const struct timestamp_context *context)
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

static int64_t resolve_day(struct stamp_cursor *s,
			   const struct timestamp_context *context)
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

bool stamp_time_in_range(const struct stamp_cursor *s)
{
	return s->civil.hour <= 23 && s->civil.minute <= 59 && s->civil.second <= 60;
}

int64_t stamp_resolve(struct stamp_cursor *s, enum timestamp_shape shape,
		      const struct timestamp_context *context)
{
	if (shape == TIMESTAMP_TIME)
		return resolve_day(s, context);
	if (!s->year_known)
		return resolve_year(s, context);
	if (s->civil.year < STAMP_YEAR_MIN || s->civil.year > STAMP_YEAR_MAX ||
	    !civil_valid(&s->civil))
		return TIMESTAMP_NONE;
	return resolve(s, context);
}
