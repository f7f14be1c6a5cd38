/* nearest.h - the known word that someone who wrote an unknown one probably meant
 *
 * Threads: one owner at a time. Owner: candidates are borrowed.
 * Limits: words longer than NEAREST_WORD_MAX bytes are never near.
 *
 *	struct nearest nearest = nearest_init(word);
 *	for (each known word)
 *		nearest_offer(&nearest, known);
 *	hint = nearest_best(&nearest);
 */
#ifndef SIFTD_BASE_NEAREST_H
#define SIFTD_BASE_NEAREST_H

#include <stddef.h>

#include "base/slice.h"

#define NEAREST_WORD_MAX 64

struct nearest {
	struct slice word;
	const char *best;
	size_t distance; /* of best */
};

struct nearest nearest_init(struct slice word);
/* the first of several that are equally near stays */
void nearest_offer(struct nearest *nearest, const char *candidate);
/* NULL when nothing offered is near enough to be worth a hint: at most a third of the
 * word's bytes changed, but always one */
const char *nearest_best(const struct nearest *nearest);

#endif
