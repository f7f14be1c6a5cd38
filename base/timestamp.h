/* timestamp.h - the civil calendar and RFC 3339, in microseconds since the epoch, UTC
 *
 * Threads: any; pure.
 * Limits: years 1 to 9999. Leap seconds do not exist in epoch time: second 60 reads as
 *         the first second of the next minute.
 */
#ifndef SIFTD_BASE_TIMESTAMP_H
#define SIFTD_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)
/* "2026-01-31T23:59:59.000000Z" and a NUL */
#define TIMESTAMP_TEXT_MAX 28

/* proleptic Gregorian, in whatever zone the caller means */
struct civil_time {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour;
	int minute;
	int second; /* 0 to 60 */
	int microsecond;
};

/* days since 1970-01-01; month 1 to 12 */
int64_t civil_days(int year, int month, int day);
int civil_month_days(int year, int month);
bool civil_valid(const struct civil_time *civil);
/* a valid civil time taken as UTC */
int64_t timestamp_of_civil(const struct civil_time *civil);
struct civil_time timestamp_to_civil(int64_t timestamp_us);

/* RFC 3339 in UTC with microseconds, NUL-terminated; the slice leaves the NUL out.
 * Outside the years 1 to 9999 the nearest bound is written. */
struct slice timestamp_format(int64_t timestamp_us, char out[TIMESTAMP_TEXT_MAX]);
/* RFC 3339, whole slice: blank for T and lower case allowed, further digits of the
 * fraction cut. false: it is none */
bool timestamp_parse(struct slice text, int64_t *timestamp_us);

#endif
