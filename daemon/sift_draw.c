/* sift_draw.c - counts as bars of block characters */
#include "daemon/sift_draw.h"

#include <assert.h>

#include "base/compiler.h"

static const char *const bars[] = { " ",
				    "\xe2\x96\x81",
				    "\xe2\x96\x82",
				    "\xe2\x96\x83",
				    "\xe2\x96\x84",
				    "\xe2\x96\x85",
				    "\xe2\x96\x86",
				    "\xe2\x96\x87",
				    "\xe2\x96\x88" };

void draw_spark(struct buf *out, const uint64_t *counts, size_t used, size_t columns)
{
	/* per count, so that a column of two counts is not higher than one of one */
	double heights[DRAW_CELLS_MAX] = { 0 };
	double most = 0;

	assert(columns <= DRAW_CELLS_MAX);
	for (size_t i = 0; i < columns && used > 0; i++) {
		size_t begin = i * used / columns;
		size_t end = (i + 1) * used / columns;

		if (end <= begin)
			end = begin + 1;
		for (size_t j = begin; j < end; j++)
			heights[i] += (double)counts[j] / (double)(end - begin);
		if (heights[i] > most)
			most = heights[i];
	}
	for (size_t i = 0; i < columns; i++)
		buf_append_str(out, heights[i] > 0
					    ? bars[1 + (size_t)(heights[i] * 7 / most)]
					    : bars[0]);
}

void draw_share_levels(const uint64_t levels[SEVERITY_COUNT],
		       enum severity cells[DRAW_CELLS_MAX], size_t count)
{
	uint64_t total = 0;
	size_t mildest = 0;
	size_t at = 0;

	assert(count <= DRAW_CELLS_MAX);
	for (size_t i = SEVERITY_COUNT; i-- > 0;) {
		total += levels[i];
		mildest = levels[i] > 0 ? i : mildest;
	}
	for (size_t i = SEVERITY_COUNT; i-- > 0 && at < count;) {
		size_t share = 0;

		if (levels[i] == 0)
			continue;
		share = (size_t)((double)levels[i] / (double)total * (double)count +
				 0.5);
		if (share == 0 && i >= SEVERITY_WARN)
			share = 1;
		if (i == mildest)
			share = count;
		/* the mildest level is there too, while there is room for it */
		else if (at + share == count && count - at > 1)
			share--;
		for (; share > 0 && at < count; share--)
			cells[at++] = (enum severity)i;
	}
	for (; at < count; at++)
		cells[at] = (enum severity)mildest;
}

void draw_level_bar(struct buf *out, const uint64_t levels[SEVERITY_COUNT],
		    size_t count, bool colour)
{
	static const char letters[SEVERITY_COUNT] = { '.', 'T', 'D', 'I',
						      'N', 'W', 'E', 'C' };
	static const char *const codes[SEVERITY_COUNT] = { "2",     "2",      "2",
							   "32",    "36",     "30;43",
							   "97;41", "1;97;45" };
	enum severity cells[DRAW_CELLS_MAX] = { 0 };

	draw_share_levels(levels, cells, count);
	for (size_t i = 0; i < count; i++) {
		if (colour && (i == 0 || cells[i] != cells[i - 1]))
			buf_printf(out, "\x1b[0;%sm", codes[cells[i]]);
		buf_append_char(out, letters[cells[i]]);
	}
	if (colour)
		buf_append_str(out, "\x1b[0m");
}
