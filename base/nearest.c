/* nearest.c - edit distance with insertions, deletions, changes and swapped neighbours
 */
#include "base/nearest.h"

#include <stdint.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t edit_distance(struct slice a, struct slice b)
{
	size_t rows[3][NEAREST_WORD_MAX + 1];
	size_t *before = rows[0];
	size_t *above = rows[1];
	size_t *row = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *recycled = before;

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			char x = lower(a.ptr[i - 1]);
			char y = lower(b.ptr[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.ptr[j - 2]) &&
			    y == lower(a.ptr[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = recycled;
	}
	return above[b.len];
}

struct nearest nearest_init(struct slice word)
{
	return (struct nearest){ .word = word, .distance = SIZE_MAX };
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	struct slice known = slice_str(candidate);
	size_t distance = 0;

	if (known.len > NEAREST_WORD_MAX || nearest->word.len > NEAREST_WORD_MAX)
		return;
	distance = edit_distance(nearest->word, known);
	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	nearest->best = candidate;
}

const char *nearest_best(const struct nearest *nearest)
{
	size_t allowed = nearest->word.len / 3;

	return nearest->distance <= (allowed > 0 ? allowed : 1) ? nearest->best : NULL;
}
