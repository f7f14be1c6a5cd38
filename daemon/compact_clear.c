/* compact_clear.c - runs, one by one */
#include "daemon/compact_clear.h"

/* the digits at `at`; at goes behind them */
static int64_t take_number(struct slice text, size_t *at)
{
	int64_t number = 0;

	for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; (*at)++)
		if (number < INT32_MAX)
			number = number * 10 + (text.ptr[*at] - '0');
	return number;
}

const bool *compact_clear_stays(struct arena *arena, struct slice runs, int64_t events)
{
	bool *stays = arena_alloc(arena, (size_t)events * sizeof(*stays));
	int64_t event = 0;
	size_t at = 0;

	while (at < runs.len) {
		bool stay = runs.ptr[at] != '0';
		int64_t count = 0;

		at += 2; /* and the colon */
		count = take_number(runs, &at);
		at++;
		for (; count > 0 && event < events; count--)
			stays[event++] = stay;
	}
	while (event < events)
		stays[event++] = true;
	return stays;
}
