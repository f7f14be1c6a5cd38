/* block_body.c - what a text does not share with one like it, frame by frame
 *
 * In a frame a text is compared with the one before of its template. The first of its
 * template is compared with the template's base text, if it has one: the first text of
 * the block, when the template occurs in a later frame too.
 */
#include "pipeline/block_body.h"

#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_delta.h"
#include "pipeline/block_format.h"

/* Base texts lie in meta, which readers fetch also when they need no text. */
#define BASE_BYTES_MAX ((size_t)2048)
#define BASES_BYTES_MAX ((size_t)256 * 1024)

/* What differs from a like text holds few matches, and short ones. The table of them
 * that zstd would take is as large as the text: clearing it for each frame, and waiting
 * for it, costs a fifth of the time of sealing, and finds 1 % of the bytes. Only the
 * fast strategy is tuned so. */
#define FAST_LEVEL_MAX 1
#define FAST_HASH_LOG 13
#define FAST_MATCH_MIN 6

struct block_body {
	ZSTD_CCtx *zstd;
	struct block_delta delta;
	/* by template */
	struct {
		uint32_t first; /* its first event, and that one's frame */
		uint32_t frame;
		struct slice text; /* ptr NULL: none */
	} bases[BLOCK_EVENTS_MAX];
	struct slice like[BLOCK_EVENTS_MAX]; /* what the next text is compared with */
};

static void set_parameter(ZSTD_CCtx *zstd, ZSTD_cParameter parameter, int value)
{
	size_t result = ZSTD_CCtx_setParameter(zstd, parameter, value);

	assert(!ZSTD_isError(result));
	(void)result; /* unused without asserts; constants that zstd accepts */
}

struct block_body *block_body_new(int zstd_level)
{
	struct block_body *body = mem_calloc(1, sizeof(*body));

	body->zstd = ZSTD_createCCtx();
	if (body->zstd == NULL)
		abort(); /* out of memory */
	set_parameter(body->zstd, ZSTD_c_compressionLevel, zstd_level);
	/* level 0 is zstd's name for the default, which is another strategy */
	if (zstd_level != 0 && zstd_level <= FAST_LEVEL_MAX) {
		set_parameter(body->zstd, ZSTD_c_hashLog, FAST_HASH_LOG);
		set_parameter(body->zstd, ZSTD_c_minMatch, FAST_MATCH_MIN);
	}
	return body;
}

void block_body_free(struct block_body **body_ptr)
{
	struct block_body *body = *body_ptr;

	if (body == NULL)
		return;
	(void)ZSTD_freeCCtx(body->zstd); /* fails for static contexts only */
	block_delta_deinit(&body->delta);
	mem_free(body);
	*body_ptr = NULL;
}

/* what is compressed is bounded by BLOCK_EVENT_BYTES_MAX and room is made for the worst
 * case, so that only a lack of memory can make zstd fail */
void block_body_compress(struct block_body *body, struct slice bytes, struct buf *out)
{
	size_t bound = ZSTD_compressBound(bytes.len);
	size_t len = 0;

	if (bytes.len == 0)
		return;
	buf_reserve(out, bound);
	len = ZSTD_compress2(body->zstd, out->data + out->len, bound, bytes.ptr,
			     bytes.len);
	if (ZSTD_isError(len))
		abort();
	out->len += len;
}

static struct slice text_of(const struct block_texts *texts, uint32_t row)
{
	size_t begin = texts->places[row];

	return slice_of(texts->bytes + begin, texts->places[row + 1] - begin);
}

/* behind the last event of the frame that begins at `first` */
static uint32_t frame_end(const struct block_texts *texts, uint32_t first)
{
	size_t begin = texts->places[first];
	uint32_t end = first;

	while (end < texts->count && end - first < BLOCK_FRAME_EVENTS &&
	       texts->places[end] - begin < BLOCK_FRAME_BYTES)
		end++;
	return end;
}

static void find_bases(struct block_body *body, const struct block_texts *texts)
{
	uint32_t end = frame_end(texts, 0);
	uint32_t frame = 0;
	size_t bytes = 0;

	for (uint32_t code = 0; code < texts->templates_count; code++) {
		body->bases[code].first = UINT32_MAX;
		body->bases[code].text = slice_of(NULL, 0);
	}
	for (uint32_t row = 0; row < texts->count; row++) {
		uint32_t code = texts->template_codes[row];
		struct slice text = { 0 };

		if (row == end) {
			end = frame_end(texts, row);
			frame++;
		}
		if (body->bases[code].first == UINT32_MAX) {
			body->bases[code].first = row;
			body->bases[code].frame = frame;
		}
		if (body->bases[code].frame == frame ||
		    body->bases[code].text.ptr != NULL)
			continue;
		text = text_of(texts, body->bases[code].first);
		if (text.len > BASE_BYTES_MAX || bytes + text.len > BASES_BYTES_MAX)
			continue;
		body->bases[code].text = text;
		bytes += text.len;
	}
}

static void put_bases(struct block_body *body, const struct block_texts *texts,
		      struct block_words *words, struct block_packed *out)
{
	for (uint32_t code = 0; code < texts->templates_count; code++) {
		struct slice text = body->bases[code].text;

		buf_append_char(&out->has_base, (char)(text.ptr != NULL));
		if (text.ptr == NULL)
			continue;
		buf_append_slice(&out->bases, text);
		if (words != NULL)
			block_words_add(words, text);
	}
}

/* raw and extra are one text, and words reach over the seam: that only adds bits */
static void build_delta(struct block_body *body, const struct block_texts *texts,
			struct block_words *words, uint32_t first, uint32_t end)
{
	block_delta_clear(&body->delta);
	for (uint32_t code = 0; code < texts->templates_count; code++)
		body->like[code] = body->bases[code].text;
	for (uint32_t row = first; row < end; row++) {
		struct slice *like = &body->like[texts->template_codes[row]];
		struct slice text = text_of(texts, row);

		block_delta_put(&body->delta, text, *like, words);
		*like = text;
	}
}

void block_body_pack(struct block_body *body, const struct block_texts *texts,
		     struct block_words *words, struct block_packed *out)
{
	const struct block_delta *delta = &body->delta;

	find_bases(body, texts);
	put_bases(body, texts, words, out);
	for (uint32_t first = 0; first < texts->count; out->frames++) {
		uint32_t end = frame_end(texts, first);
		size_t offset = out->body.len;

		build_delta(body, texts, words, first, end);
		block_body_compress(body, buf_slice(&delta->steps), &out->body);
		block_body_compress(body, buf_slice(&delta->fresh), &out->body);
		buf_append_varint(&out->directory, end - first);
		buf_append_varint(&out->directory, delta->steps.len);
		buf_append_varint(&out->directory, delta->fresh.len);
		buf_append_varint(&out->directory, out->body.len - offset);
		buf_append_u64(&out->directory,
			       hash64(slice_from(buf_slice(&out->body), offset), 0));
		first = end;
	}
}
