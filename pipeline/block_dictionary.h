/* block_dictionary.h - gives the texts or numbers that events of a block share codes
 *
 * Threads: one owner at a time. Pure. For pipeline/block_*.c only.
 * Owner: block_dictionary_deinit frees; a dictionary is large: keep it on the heap.
 * Limits: BLOCK_EVENTS_MAX entries, as no event adds more than one.
 */
#ifndef SIFTD_PIPELINE_BLOCK_DICTIONARY_H
#define SIFTD_PIPELINE_BLOCK_DICTIONARY_H

#include "base/table.h"
#include "pipeline/block.h"

/* code n is the n-th distinct text or number, from 0 */
struct block_dictionary {
	struct table codes; /* hash of a text, or a number -> code */
	struct buf bytes;   /* of the texts */
	size_t ends[BLOCK_EVENTS_MAX];
	uint64_t numbers[BLOCK_EVENTS_MAX];
	uint32_t count;
};

/* of a zeroed dictionary that will hold texts */
void block_dictionary_init(struct block_dictionary *dictionary);
void block_dictionary_deinit(struct block_dictionary *dictionary);
void block_dictionary_clear(struct block_dictionary *dictionary);
struct slice block_dictionary_text(const struct block_dictionary *dictionary,
				   uint32_t code);
/* 0 for no text (ptr NULL), else its code + 1; previous: the answer before this one */
uint32_t block_dictionary_optional(struct block_dictionary *dictionary,
				   struct slice text, uint32_t previous);
/* guess: any code, preferably the right one */
uint32_t block_dictionary_number(struct block_dictionary *dictionary, uint64_t number,
				 uint32_t guess);

#endif
