/* test_compact_runs.c - which neighbours are merged */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "daemon/compact_runs.h"

#define BLOCKS_MAX 12

/* blocks as project, day and events; each follows the one before in seq
 * unless it has a gap */
struct sketch {
	int project, day, events, gap;
};

static const struct compact_limits limits = {
	.small_events = 100, .blocks_min = 4, .events_max = 150, .bytes_max = 10000
};

static const struct {
	const char *what;
	struct sketch blocks[BLOCKS_MAX];
	size_t first, count; /* of the run; count 0: none */
} cases[] = {
	{ "nothing", { { 0 } }, 0, 0 },
	{ "few that stay small", { { 1, 1, 10, 0 }, { 1, 1, 10, 0 } }, 0, 0 },
	{ "many that stay small",
	  { { 1, 1, 9, 0 }, { 1, 1, 9, 0 }, { 1, 1, 9, 0 }, { 1, 1, 9, 0 } },
	  0,
	  4 },
	{ "two that fill a block", { { 1, 1, 60, 0 }, { 1, 1, 40, 0 } }, 0, 2 },
	{ "one large and little behind it",
	  { { 1, 1, 60, 0 }, { 1, 1, 1, 0 }, { 1, 1, 1, 0 }, { 1, 1, 1, 0 } },
	  0,
	  0 },
	{ "one large and many small behind it",
	  { { 1, 1, 60, 0 },
	    { 1, 1, 4, 0 },
	    { 1, 1, 4, 0 },
	    { 1, 1, 4, 0 },
	    { 1, 1, 4, 0 } },
	  1,
	  4 },
	{ "no more than a block holds",
	  { { 1, 1, 90, 0 }, { 1, 1, 60, 0 }, { 1, 1, 60, 0 } },
	  0,
	  2 },
	{ "not over a gap",
	  { { 1, 1, 60, 0 }, { 1, 1, 60, 5 }, { 1, 1, 60, 0 } },
	  1,
	  2 },
	{ "not over days", { { 1, 1, 60, 0 }, { 1, 2, 60, 0 } }, 0, 0 },
	{ "not over projects", { { 1, 1, 60, 0 }, { 2, 1, 60, 0 } }, 0, 0 },
};

static size_t build(const struct sketch *sketches, struct compact_block *blocks)
{
	int64_t seq = 1;
	size_t count = 0;

	for (; count < BLOCKS_MAX && sketches[count].events > 0; count++) {
		const struct sketch *sketch = &sketches[count];

		seq += sketch->gap;
		blocks[count] = (struct compact_block){ .project_id = sketch->project,
							.day = sketch->day,
							.first_seq = seq,
							.count = sketch->events,
							.raw_bytes = sketch->events };
		seq += sketch->events;
	}
	return count;
}

static void chooses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct compact_block blocks[BLOCKS_MAX];
		struct compact_run run = { 0 };
		size_t count = build(cases[i].blocks, blocks);
		bool found = compact_runs_next(blocks, count, 0, &limits, &run);

		if (found != (cases[i].count > 0) ||
		    (found &&
		     (run.first != cases[i].first || run.count != cases[i].count)))
			fail_msg("%s: run of %zu at %zu", cases[i].what, run.count,
				 run.first);
	}
}

static void minds_bytes(void **state)
{
	struct compact_block blocks[BLOCKS_MAX];
	struct compact_run run = { 0 };
	size_t count = build(cases[3].blocks, blocks);

	(void)state;
	blocks[0].raw_bytes = limits.bytes_max;
	assert_false(compact_runs_next(blocks, count, 0, &limits, &run));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses),
		cmocka_unit_test(minds_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
