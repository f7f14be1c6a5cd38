/* backtest.h - what a rule would have found among a project's stored events
 *
 * Threads: the loop thread only; rules are judged by the query workers.
 * Owner: a backtest frees itself after its callback, or after backtest_cancel. Rules
 *        but wish.owned are borrowed, and must outlive the query workers.
 * Limits: wish.time_us, wish.events_max and those of replay.h: when one is reached, the
 *         answer tells of the events that were read until then, oldest received first,
 *         and of what cut it.
 *
 *	span -> templates (worker judges them) -> events, page by page (worker judges
 *	them) -> answer
 *
 * Only events of templates that may match are read.
 */
#ifndef SIFTD_API_BACKTEST_H
#define SIFTD_API_BACKTEST_H

#include "api/backtest_judge.h"
#include "api/events.h"

struct backtest;

struct backtest_wish {
	struct events_deps deps;
	int64_t project_id;
	struct backtest_rule rule;
	struct rules *owned; /* freed with the backtest; NULL: rules are another's */
	/* both inclusive, of the events' time; TIMESTAMP_NONE: open */
	int64_t from_us, to_us;
	int64_t time_us; /* for all of it */
	uint64_t events_max;
};

/* json: an object, when status is EVENTS_OK */
typedef void backtest_done_fn(void *context, enum events_status status,
			      struct slice json);

/* the callback is never called from inside */
struct backtest *backtest_start(const struct backtest_wish *wish,
				backtest_done_fn *done, void *context);
/* no callback; sets *backtest to NULL, which it may be already */
void backtest_cancel(struct backtest **backtest);

#endif
