/* block_dictionary.c - hash tables from texts and numbers to their codes */
#include "pipeline/block_dictionary.h"

#include "base/hash64.h"

void block_dictionary_init(struct block_dictionary *dictionary)
{
	/* never NULL, so that places in it are defined even when all texts are empty */
	buf_reserve(&dictionary->bytes, 1);
}

void block_dictionary_deinit(struct block_dictionary *dictionary)
{
	table_deinit(&dictionary->codes);
	buf_deinit(&dictionary->bytes);
}

void block_dictionary_clear(struct block_dictionary *dictionary)
{
	table_clear(&dictionary->codes);
	buf_clear(&dictionary->bytes);
	dictionary->count = 0;
}

struct slice block_dictionary_text(const struct block_dictionary *dictionary,
				   uint32_t code)
{
	size_t begin = code == 0 ? 0 : dictionary->ends[code - 1];

	return slice_of(dictionary->bytes.data + begin, dictionary->ends[code] - begin);
}

/* hashes of two texts may be equal, by an attacker's will: then the next key is tried
 */
static uint32_t code_of_text(struct block_dictionary *dictionary, struct slice text)
{
	uint64_t key = hash64(text, 0);
	bool added = false;
	uint64_t *code = table_put(&dictionary->codes, key, &added);

	while (!added &&
	       !slice_equal(block_dictionary_text(dictionary, (uint32_t)*code), text)) {
		key = hash64_mix(key, 1);
		code = table_put(&dictionary->codes, key, &added);
	}
	if (added) {
		*code = dictionary->count;
		buf_append_slice(&dictionary->bytes, text);
		dictionary->ends[dictionary->count++] = dictionary->bytes.len;
	}
	return (uint32_t)*code;
}

/* neighbours often share a text: no look-up then */
uint32_t block_dictionary_optional(struct block_dictionary *dictionary,
				   struct slice text, uint32_t previous)
{
	if (text.ptr == NULL)
		return 0;
	if (previous > 0 &&
	    slice_equal(block_dictionary_text(dictionary, previous - 1), text))
		return previous;
	return code_of_text(dictionary, text) + 1;
}

uint32_t block_dictionary_number(struct block_dictionary *dictionary, uint64_t number,
				 uint32_t guess)
{
	bool added = false;
	uint64_t *code = NULL;

	if (guess < dictionary->count && dictionary->numbers[guess] == number)
		return guess;
	code = table_put(&dictionary->codes, number, &added);
	if (added) {
		*code = dictionary->count;
		dictionary->numbers[dictionary->count++] = number;
	}
	return (uint32_t)*code;
}
