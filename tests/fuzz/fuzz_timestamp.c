/* fuzz_timestamp.c - any bytes as a timestamp: what is consumed lies in the text, the
 * time in the years that are promised, and what stands behind the stamp's end is not
 * needed */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/timestamp_scan.h"

#define NOW_US INT64_C(1770000000000000)
#define YEAR_2200_US (INT64_C(7258118400) * US_PER_SECOND)
/* a zone may move the first and the last hours out of the years */
#define ZONE_US (INT64_C(86400) * US_PER_SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_time(int64_t us)
{
	check(us == TIMESTAMP_NONE || (us >= -ZONE_US && us <= YEAR_2200_US + ZONE_US));
}

static void check_scan(struct slice text, const struct timestamp_context *context)
{
	struct timestamp_match match = { .us = TIMESTAMP_NONE };
	struct timestamp_match again = { .us = TIMESTAMP_NONE };
	size_t len = timestamp_scan(text, context, &match);

	check(len <= text.len);
	if (len == 0)
		return;
	check(match.shape <= TIMESTAMP_FULL);
	check_time(match.us);
	check(timestamp_scan(text, context, &again) == len);
	check(again.us == match.us && again.shape == match.shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct timestamp_context utc = { .now_us = NOW_US };
	const struct timestamp_context east = { .now_us = NOW_US,
						.zone_offset_s = 14 * 3600 };
	/* a copy of the exact size, so that reading past its end is caught */
	char *copy = malloc(size == 0 ? 1 : size);
	struct slice text = slice_of(copy, size);

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	check_scan(text, &utc);
	check_scan(text, &east);
	check_time(timestamp_of_text(text, &utc));
	check_time(timestamp_of_epoch_text(text));
	free(copy);
	return 0;
}
