/* backtest_judge.h - one rule over stored templates and events, to what it would have
 * found
 *
 * Threads: one thread at a time; for the query workers.
 * Owner: backtest_judge_free; rules are borrowed.
 * Limits: those of replay.h and replay_render.h; BACKTEST_KEYS findings
 *         are written.
 */
#ifndef SIFTD_API_BACKTEST_JUDGE_H
#define SIFTD_API_BACKTEST_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/scan.h"
#include "base/json_out.h"
#include "pipeline/rules.h"

#define BACKTEST_KEYS 100

struct backtest_judge;

/* what is tried: rule `index` of a set, with the other events of its window, if any,
 * behind it */
struct backtest_rule {
	const struct rules *rules;
	size_t index;
	/* that go before a generic rule; NULL: none do */
	const struct rules *specific;
};

struct backtest_template {
	uint64_t key;
	struct slice text;
	struct slice sample;
	int64_t events; /* that it has in the project */
	bool generalised;
	bool pushed; /* events of it may have attributes beside their bytes */
};

/* what it took */
struct backtest_stats {
	uint64_t templates;  /* looked at */
	uint64_t candidates; /* of them: that may match */
	int64_t templates_events;
	int64_t candidates_events;
	uint64_t events; /* read */
	uint64_t matching;
	unsigned damaged; /* blocks that could not be read */
};

struct backtest_judge *backtest_judge_new(const struct backtest_rule *rule);
void backtest_judge_free(struct backtest_judge **judge);
/* each key once */
void backtest_judge_template(struct backtest_judge *judge,
			     const struct backtest_template *template);
/* keys of those that may match, ascending; valid until the next template */
const uint64_t *backtest_judge_candidates(struct backtest_judge *judge, size_t *count);
void backtest_judge_event(struct backtest_judge *judge, const struct scan_hit *hit);
/* there is no room for more */
bool backtest_judge_full(const struct backtest_judge *judge);
/* the project's events span this moment */
void backtest_judge_see(struct backtest_judge *judge, int64_t moment_us);
struct backtest_stats *backtest_judge_stats(struct backtest_judge *judge);
/* "findings": [...], inside an object that is open; nothing may come after it */
void backtest_judge_write(struct backtest_judge *judge, struct json_out *out);

#endif
