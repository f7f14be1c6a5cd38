/* block_words.c - hashed trigrams in a bit set
 *
 * Every run of three bytes of the lower-cased text sets one bit. A text can only be in
 * the block when all its trigrams' bits are set, so a clear bit proves its absence.
 *
 * While it grows, the set is a map of one byte a slot, since a plain store need not
 * wait for the one before it. Of a text like one that was added, only the places that
 * differ are looked at; they are gathered before any of them is added, since a branch
 * for each would be guessed wrong too often.
 */
#include "pipeline/block_words.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block.h"

#define SLOTS ((size_t)1 << BLOCK_WORDS_LOG2_MAX)
/* folded while at least so many bits stay for each one set: a random trigram then
 * passes in 28 % of cases, a word of eight bytes in one of 2000 */
#define BITS_PER_TRIGRAM 3
/* eight bytes hold six whole trigrams */
#define STEP ((size_t)6)
#define EACH_BYTE(value) (0x0101010101010101u * (value))

/* layout of a filter */
enum { AT_VERSION = 0, AT_LOG2 = 1, AT_CHECKSUM = 8, HEADER_BYTES = 16 };

struct block_words {
	uint8_t seen[SLOTS];
};

struct block_words *block_words_new(void)
{
	return mem_calloc(1, sizeof(struct block_words));
}

void block_words_free(struct block_words **words)
{
	mem_free(*words);
	*words = NULL;
}

/* lower-cases the ASCII letters among eight bytes */
static uint64_t lower_eight(uint64_t bytes)
{
	uint64_t low = bytes & EACH_BYTE(0x7f);
	uint64_t from_a = low + EACH_BYTE(0x80 - 'A');
	uint64_t past_z = low + EACH_BYTE(0x7f - 'Z');
	uint64_t upper = (from_a ^ past_z) & ~bytes & EACH_BYTE(0x80);

	return bytes | upper >> 2;
}

/* of the lowest three bytes: the multiplier shifts the fourth out */
static uint32_t slot_of(uint32_t bytes)
{
	return (bytes * (0x3779b1u << 8)) >> (32 - BLOCK_WORDS_LOG2_MAX);
}

/* up to eight bytes, the first in the lowest place */
static uint64_t load(const char *bytes, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, bytes, len);
	return le64toh(word);
}

static inline void add_six(struct block_words *words, const char *eight)
{
	uint64_t bytes = lower_eight(load(eight, 8));

	for (unsigned shift = 0; shift < 8 * STEP; shift += 8)
		words->seen[slot_of((uint32_t)(bytes >> shift))] = 1;
}

void block_words_add(struct block_words *words, struct slice text)
{
	size_t at = 0;

	for (; text.len - at >= 8; at += STEP)
		add_six(words, text.ptr + at);
	for (; text.len - at >= 3; at++)
		words->seen[slot_of((uint32_t)lower_eight(load(text.ptr + at, 3)))] = 1;
}

void block_words_add_around(struct block_words *words, struct slice text, size_t begin,
			    size_t end)
{
	size_t at = begin < 2 ? 0 : begin - 2;

	/* a text of three bytes or more has eight of its own, or is short */
	if (text.len < 8) {
		block_words_add(words, text);
		return;
	}
	for (; at < end; at += STEP)
		add_six(words, text.ptr + (text.len - at >= 8 ? at : text.len - 8));
}

static size_t count_seen(const struct block_words *words)
{
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		count += words->seen[i];
	return count;
}

/* halves the map until it is as small as its content allows; the size's log2 */
static unsigned fold(struct block_words *words)
{
	size_t wanted = count_seen(words) * BITS_PER_TRIGRAM;
	unsigned log2 = BLOCK_WORDS_LOG2_MAX;

	while (log2 > BLOCK_WORDS_LOG2_MIN && ((size_t)1 << (log2 - 1)) >= wanted) {
		size_t half = (size_t)1 << --log2;

		for (size_t i = 0; i < half; i++)
			words->seen[i] |= words->seen[half + i];
	}
	return log2;
}

static uint8_t pack_eight(const uint8_t *seen)
{
	uint8_t bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= (uint8_t)(seen[i] << i);
	return bits;
}

void block_words_take(struct block_words *words, struct buf *out)
{
	unsigned log2 = fold(words);
	size_t bytes = ((size_t)1 << log2) / 8;
	const char header[AT_CHECKSUM] = { BLOCK_WORDS_VERSION, (char)log2 };
	char *bits = NULL;

	buf_reserve(out, HEADER_BYTES + bytes);
	bits = out->data + out->len + HEADER_BYTES;
	for (size_t i = 0; i < bytes; i++)
		bits[i] = (char)pack_eight(words->seen + 8 * i);
	buf_append(out, header, sizeof(header));
	buf_append_u64(out, hash64(slice_of(bits, bytes), log2));
	out->len += bytes;
	memset(words->seen, 0, sizeof(words->seen));
}

/* the filter's bits, or an empty slice when it cannot be relied on */
static struct slice checked_bits(struct slice words, unsigned *log2)
{
	struct slice bits = slice_from(words, HEADER_BYTES);
	uint64_t checksum = 0;

	*log2 = 0;
	if (words.len < HEADER_BYTES || words.ptr[AT_VERSION] != BLOCK_WORDS_VERSION)
		return slice_of(NULL, 0);
	*log2 = (uint8_t)words.ptr[AT_LOG2];
	if (*log2 < BLOCK_WORDS_LOG2_MIN || *log2 > BLOCK_WORDS_LOG2_MAX ||
	    bits.len != ((size_t)1 << *log2) / 8)
		return slice_of(NULL, 0);
	memcpy(&checksum, words.ptr + AT_CHECKSUM, sizeof(checksum));
	if (le64toh(checksum) != hash64(bits, *log2))
		return slice_of(NULL, 0);
	return bits;
}

bool block_words_may_hold(struct slice words, struct slice text)
{
	unsigned log2 = 0;
	struct slice bits = checked_bits(words, &log2);

	if (bits.len == 0)
		return true;
	for (size_t at = 0; text.len - at >= 3; at++) {
		uint64_t trigram = lower_eight(load(text.ptr + at, 3));
		uint32_t slot =
			slot_of((uint32_t)trigram) & (((uint32_t)1 << log2) - 1);

		if (((unsigned char)bits.ptr[slot / 8] >> (slot % 8) & 1) == 0)
			return false;
	}
	return true;
}
