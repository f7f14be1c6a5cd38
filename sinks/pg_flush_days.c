/* pg_flush_days.c - remembering partitions */
#include "sinks/pg_flush_days.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

#define DAYS_FAR_MAX 366
#define US_PER_DAY INT64_C(86400000000)

/* rounds down, also before 1970 */
static int32_t day_of(int64_t us)
{
	return (int32_t)(us >= 0 ? us / US_PER_DAY
				 : -((-us + US_PER_DAY - 1) / US_PER_DAY));
}

int32_t flush_block_day(const struct batch_block *block)
{
	return day_of(block->received_us);
}

bool flush_days_next(const struct flush_days *days, const struct batch *batch,
		     int32_t *day)
{
	int32_t today = day_of(clock_now_us());

	for (size_t i = 0; i < 2 * batch->blocks_count; i++) {
		*day = flush_block_day(&batch->blocks[i / 2]) + (int32_t)(i % 2);
		if (abs(*day - today) <= DAYS_FAR_MAX &&
		    table_get(&days->made, (uint64_t)*day) == NULL)
			return true;
	}
	return false;
}

void flush_days_end(struct flush_days *days, int32_t day,
		    const struct flush_refusal *refusal)
{
	if (refusal->set)
		log_warn("flush",
			 "a day has no partition of its own day=%d sqlstate=%s"
			 " error=\"%s\"",
			 (int)day, refusal->sqlstate, refusal->text);
	(void)table_put(&days->made, (uint64_t)day, NULL); /* a set */
}

void flush_days_deinit(struct flush_days *days)
{
	table_deinit(&days->made);
}

void flush_days_send(struct flush_sender *sender, int32_t day)
{
	char place[4];

	flush_param_add(sender, pg_int4(place, day));
	flush_unit_send(sender, FLUSH_MAKE_DAY, SIZE_MAX);
}
