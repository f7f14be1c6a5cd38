/* block_delta.c - compares a text with one like it, and puts it together again
 *
 * Texts of one length mostly are of one layout, with other digits: they are compared
 * place by place, 64 bytes at a time, with a bit for each that differs. Others are
 * compared word by word: where two words differ, both are passed over, and the bytes
 * behind them should be equal again.
 */
#include "pipeline/block_delta.h"

#include <endian.h>

#include "pipeline/byte_class.h"

/* A step: a varint of bytes to copy; then, unless the text is complete, a byte: how
 * many to take in its low half and how many of the other text to pass over in its high
 * half. A half of NIBBLE_MAX says that a varint of what is beyond that follows. */
#define NIBBLE_MAX 15u
#define STEP_BYTES_MAX 16 /* three varints of 32 bits, and the byte */
/* when more than one in so many bytes differs, places mean nothing */
#define DIFFERING_SHARE 3
#define COPIED_AT_ONCE 16
#define EACH_BYTE(value) (0x0101010101010101u * (value))

/* a text on its way into steps */
struct writer {
	struct block_delta *delta;
	struct block_words *words;
	struct slice text;
	struct slice like;
	size_t text_at; /* what lies before is written */
	size_t like_at;
};

void block_delta_deinit(struct block_delta *delta)
{
	buf_deinit(&delta->steps);
	buf_deinit(&delta->fresh);
}

void block_delta_clear(struct block_delta *delta)
{
	buf_clear(&delta->steps);
	buf_clear(&delta->fresh);
}

static inline uint64_t load_eight(const char *bytes)
{
	uint64_t word = 0;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

static inline char *write_varint(char *at, size_t value)
{
	while (value >= 0x80) {
		*at++ = (char)(value | 0x80);
		value >>= 7;
	}
	*at++ = (char)value;
	return at;
}

static inline size_t nibble(size_t value)
{
	return value < NIBBLE_MAX ? value : NIBBLE_MAX;
}

/* room was made, also for COPIED_AT_ONCE bytes: most parts are shorter than that */
static inline void take(struct buf *fresh, struct slice from, size_t len)
{
	if (LIKELY(len <= COPIED_AT_ONCE && from.len >= COPIED_AT_ONCE))
		memcpy(fresh->data + fresh->len, from.ptr, COPIED_AT_ONCE);
	else
		memcpy(fresh->data + fresh->len, from.ptr, len);
	fresh->len += len;
}

/* copies what lies before text_begin, takes what lies before text_end, passes over what
 * of like lies before like_end; room was made for both */
static inline void put_step(struct writer *writer, size_t text_begin, size_t text_end,
			    size_t like_end)
{
	struct buf *steps = &writer->delta->steps;
	struct buf *fresh = &writer->delta->fresh;
	size_t copied = text_begin - writer->text_at;
	size_t taken = text_end - text_begin;
	size_t passed = like_end - writer->like_at - copied;
	char *at = write_varint(steps->data + steps->len, copied);

	*at++ = (char)(nibble(taken) | nibble(passed) << 4);
	if (UNLIKELY(taken >= NIBBLE_MAX))
		at = write_varint(at, taken - NIBBLE_MAX);
	if (UNLIKELY(passed >= NIBBLE_MAX))
		at = write_varint(at, passed - NIBBLE_MAX);
	steps->len = (size_t)(at - steps->data);
	take(fresh, slice_from(writer->text, text_begin), taken);
	if (writer->words != NULL)
		block_words_add_around(writer->words, writer->text, text_begin,
				       text_end);
	writer->text_at = text_end;
	writer->like_at = like_end;
}

/* copies the rest of the text; nothing when it is complete */
static void put_rest(struct writer *writer)
{
	struct buf *steps = &writer->delta->steps;
	size_t left = writer->text.len - writer->text_at;
	char *at = steps->data + steps->len;

	if (left > 0)
		steps->len = (size_t)(write_varint(at, left) - steps->data);
}

/* a bit for each of eight bytes that is not 0, the first in the lowest place */
static inline uint64_t bits_of(uint64_t bytes)
{
	uint64_t high = (((bytes & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f)) | bytes) &
			EACH_BYTE(0x80);

	return ((high >> 7) * 0x0102040810204080u) >> 56;
}

/* a bit for each of up to 64 bytes that differs */
static inline uint64_t differing(const char *a, const char *b, size_t len)
{
	uint64_t bits = 0;
	size_t at = 0;

	for (; len - at >= 8; at += 8)
		bits |= bits_of(load_eight(a + at) ^ load_eight(b + at)) << at;
	for (; at < len; at++)
		bits |= (uint64_t)(a[at] != b[at]) << at;
	return bits;
}

/* up to two equal bytes between two that differ are cheaper to take than to copy */
static inline uint64_t close_gaps(uint64_t bits)
{
	uint64_t wide = bits | bits << 1 | bits << 2;

	return bits | (wide & wide >> 1 & wide >> 2);
}

static inline unsigned ones_from_lowest(uint64_t bits)
{
	return ~bits == 0 ? 64 : (unsigned)__builtin_ctzll(~bits);
}

/* texts of one length; false: they are too different, what was put is void */
static bool put_by_place(struct writer *writer)
{
	const char *text = writer->text.ptr;
	const char *like = writer->like.ptr;
	size_t len = writer->text.len;
	size_t budget = len / DIFFERING_SHARE;
	size_t taken = 0;

	for (size_t base = 0; base < len; base += 64) {
		size_t part = len - base < 64 ? len - base : 64;
		uint64_t bits = close_gaps(differing(text + base, like + base, part));

		while (bits != 0) {
			unsigned begin = (unsigned)__builtin_ctzll(bits);
			unsigned count = ones_from_lowest(bits >> begin);

			taken += count;
			if (taken > budget)
				return false;
			put_step(writer, base + begin, base + begin + count,
				 base + begin + count);
			if (begin + count == 64)
				break;
			bits &= ~(uint64_t)0 << (begin + count);
		}
	}
	put_rest(writer);
	return true;
}

/* how many bytes both begin with */
static size_t common_head(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	size_t at = 0;

	for (; len - at >= 8; at += 8) {
		uint64_t bits = load_eight(a.ptr + at) ^ load_eight(b.ptr + at);

		if (bits != 0)
			return at + (unsigned)__builtin_ctzll(bits) / 8;
	}
	while (at < len && a.ptr[at] == b.ptr[at])
		at++;
	return at;
}

static size_t common_tail(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	size_t count = 0;

	while (count < len && a.ptr[a.len - 1 - count] == b.ptr[b.len - 1 - count])
		count++;
	return count;
}

static size_t word_len(struct slice text)
{
	size_t len = 0;

	while (len < text.len && byte_is(text.ptr[len], BYTE_ALNUM))
		len++;
	return len;
}

/* where words end otherwise than the same, the texts' ends are all that is looked for
 */
static void put_by_word(struct writer *writer)
{
	for (;;) {
		struct slice text = slice_from(writer->text, writer->text_at);
		struct slice like = slice_from(writer->like, writer->like_at);
		size_t same = common_head(text, like);
		size_t begin = writer->text_at + same;
		size_t text_word = 0;
		size_t like_word = 0;

		if (begin == writer->text.len)
			break;
		text = slice_from(text, same);
		like = slice_from(like, same);
		text_word = word_len(text);
		like_word = word_len(like);
		if (text_word == text.len || like_word == like.len ||
		    text.ptr[text_word] != like.ptr[like_word]) {
			size_t tail = common_tail(text, like);

			put_step(writer, begin, writer->text.len - tail,
				 writer->like.len - tail);
			break;
		}
		put_step(writer, begin, begin + text_word,
			 writer->like_at + same + like_word);
	}
	put_rest(writer);
}

void block_delta_put(struct block_delta *delta, struct slice text, struct slice like,
		     struct block_words *words)
{
	struct writer writer = {
		.delta = delta, .words = words, .text = text, .like = like
	};
	size_t steps_len = delta->steps.len;
	size_t fresh_len = delta->fresh.len;

	if (like.ptr == NULL) {
		buf_append_slice(&delta->fresh, text);
		if (words != NULL)
			block_words_add(words, text);
		return;
	}
	/* a step is of no more than three bytes for each that it copies, takes or
	 * passes over */
	buf_reserve(&delta->steps, 3 * (text.len + like.len) + STEP_BYTES_MAX);
	buf_reserve(&delta->fresh, text.len + COPIED_AT_ONCE);
	if (text.len == like.len && put_by_place(&writer))
		return;
	delta->steps.len = steps_len;
	delta->fresh.len = fresh_len;
	writer.text_at = 0;
	writer.like_at = 0;
	put_by_word(&writer);
}

/* a number below 2^32, of which the value so far is at most max */
static int take_varint(struct slice *steps, size_t max, size_t *value)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 5 && i < steps->len; i++) {
		uint64_t byte = (unsigned char)steps->ptr[i];

		number |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*value = (size_t)number;
			*steps = slice_from(*steps, i + 1);
			return number <= max ? 0 : -1;
		}
	}
	return -1;
}

static int take_half(struct slice *steps, size_t half, size_t max, size_t *value)
{
	*value = half;
	if (LIKELY(half < NIBBLE_MAX))
		return half <= max ? 0 : -1;
	if (take_varint(steps, SIZE_MAX, value) < 0 || *value > SIZE_MAX - NIBBLE_MAX)
		return -1;
	*value += NIBBLE_MAX;
	return *value <= max ? 0 : -1;
}

/* most are short; what is copied beyond len is overwritten next, or is slack. Through
 * a local, since `from` may lie right before `to`. */
static inline void copy_loosely(char *to, const char *from, size_t len)
{
	for (size_t at = 0; at < len; at += BLOCK_DELTA_SLACK) {
		char some[BLOCK_DELTA_SLACK];

		memcpy(some, from + at, sizeof(some));
		memcpy(to + at, some, sizeof(some));
	}
}

static int take_fresh(struct block_delta_source *source, char *out, size_t len)
{
	if (len > source->fresh.len)
		return -1;
	copy_loosely(out, source->fresh.ptr, len);
	source->fresh = slice_from(source->fresh, len);
	return 0;
}

int block_delta_take(struct block_delta_source *source, struct slice like, char *out,
		     size_t len)
{
	size_t at = 0;

	if (like.ptr == NULL)
		return take_fresh(source, out, len);
	while (at < len) {
		size_t copied = 0;
		size_t taken = 0;
		size_t passed = 0;
		unsigned halves = 0;

		if (take_varint(&source->steps, len - at, &copied) < 0 ||
		    copied > like.len)
			return -1;
		copy_loosely(out + at, like.ptr, copied);
		like = slice_from(like, copied);
		at += copied;
		if (at == len)
			break;
		if (source->steps.len == 0)
			return -1;
		halves = (unsigned char)source->steps.ptr[0];
		source->steps = slice_from(source->steps, 1);
		if (take_half(&source->steps, halves % 16, len - at, &taken) < 0 ||
		    take_half(&source->steps, halves / 16, like.len, &passed) < 0 ||
		    take_fresh(source, out + at, taken) < 0)
			return -1;
		like = slice_from(like, passed);
		at += taken;
	}
	return 0;
}
