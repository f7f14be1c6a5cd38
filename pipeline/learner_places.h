/* learner_places.h - where a template could vary, and how much variation is enough
 *
 * Threads: pure.
 * Limits: PLACES_TOKENS_MAX tokens of a template are looked at.
 */
#ifndef SIFTD_PIPELINE_LEARNER_PLACES_H
#define SIFTD_PIPELINE_LEARNER_PLACES_H

#include "pipeline/learner_buckets.h"
#include "pipeline/template.h"

#define PLACES_TOKENS_MAX 128
#define PLACES_TAILS_MAX 4
/* every token, every field of two or more tokens, and all soft tokens at once */
#define PLACES_MAX (PLACES_TOKENS_MAX + PLACES_TOKENS_MAX / 2 + 1 + PLACES_TAILS_MAX)
#define PLACE_NEVER UINT8_MAX

enum place_kind { PLACE_TOKEN, PLACE_FIELD, PLACE_SOFT, PLACE_TAIL };

struct place {
	uint64_t key; /* of its bucket */
	uint16_t first;
	uint16_t count; /* of tokens that become one variable */
	uint8_t kind;
	uint8_t class;
};

/* returns how many */
size_t places_of(const struct template *template, struct place places[PLACES_MAX]);
/* so many different members make the place a variable; PLACE_NEVER: no number does */
unsigned places_needed(const struct template *template, const struct place *place,
		       const struct learner_bucket *bucket);
/* the tokens that become variables; a field's are first made one by the caller */
void places_wild(const struct template *template, const struct place *place,
		 uint64_t wild[WILD_WORDS]);
/* classes that vary more readily than words: all but words, names and variables */
bool places_soft(uint8_t class);

#endif
