/* learner_pressure.c - windows of new messages, and a filter of leaves seen once */
#include "pipeline/learner_pressure.h"

#include <string.h>

#include "base/compiler.h"

/* A window ends after so many new messages, or so long after it began: what is slower
 * than that is no flood. */
#define WINDOW_MESSAGES 4096
#define WINDOW_US INT64_C(10000000)
/* of a window, that make a shape flooded */
#define FLOOD_MESSAGES 64
/* a filter with more leaves would take too many for seen */
#define SEEN_LEAVES_MAX 32768

/* the longest message of each class, in tokens */
static const uint16_t lengths[PRESSURE_LENGTHS] = { 1,  2,  3,  4,  6,  8,   12,  16,
						    24, 32, 48, 64, 96, 128, 192, 256 };

unsigned learner_pressure_shape(const struct template *template)
{
	unsigned length = 0;
	bool value = template->count > 0 && template->tokens[0].class == TOKEN_VARIABLE;

	while (length < PRESSURE_LENGTHS - 1 && lengths[length] < template->count)
		length++;
	return length * 2 + value;
}

unsigned learner_pressure_length(unsigned shape)
{
	return shape / 2;
}

bool learner_pressure_begins_with_value(unsigned shape)
{
	return shape % 2 != 0;
}

static void begin_window(struct learner_pressure *pressure, int64_t now_us, bool full)
{
	uint32_t flooded = 0;

	for (unsigned i = 0; i < PRESSURE_SHAPES && full; i++) {
		if (pressure->counts[i] >= FLOOD_MESSAGES)
			flooded |= 1u << i;
	}
	pressure->flooded = flooded;
	pressure->asked = 0;
	pressure->began_us = now_us;
	memset(pressure->counts, 0, sizeof(pressure->counts));
}

bool learner_pressure_note(struct learner_pressure *pressure, unsigned shape,
			   int64_t now_us, bool full)
{
	bool slow =
		now_us < pressure->began_us || now_us - pressure->began_us > WINDOW_US;

	if (slow || pressure->asked == WINDOW_MESSAGES)
		begin_window(pressure, now_us, full && !slow);
	pressure->asked++;
	pressure->counts[shape]++;
	return (pressure->flooded >> shape & 1) != 0;
}

static bool test_and_set(uint64_t *bits, uint64_t bit)
{
	uint64_t mask = (uint64_t)1 << (bit % 64);
	uint64_t *word = &bits[bit % PRESSURE_SEEN_BITS / 64];
	bool was = (*word & mask) != 0;

	*word |= mask;
	return was;
}

bool learner_pressure_seen(struct learner_pressure *pressure, uint64_t leaf)
{
	bool first = test_and_set(pressure->seen, leaf >> 8);
	bool second = test_and_set(pressure->seen, leaf >> 32);

	if (first && second)
		return true;
	if (++pressure->noted >= SEEN_LEAVES_MAX) {
		pressure->noted = 0;
		memset(pressure->seen, 0, sizeof(pressure->seen));
	}
	return false;
}
