/* block_frame.c - follows the steps from a text to the next of its template
 *
 * A text is the difference from the one before of its template in the frame, or from
 * the template's base text, or it is stored whole.
 */
#include "pipeline/block_frame.h"

#include "base/mem.h"
#include "pipeline/block_delta.h"
#include "pipeline/block_format.h"
#include "pipeline/block_zstd.h"

#define NO_EVENT UINT32_MAX

int block_decompress(struct slice packed, size_t len, struct buf *out,
		     struct error *error)
{
	size_t result = 0;

	buf_clear(out);
	if (len > BLOCK_DECOMPRESSED_MAX || len / BLOCK_EXPANSION_MAX > packed.len)
		return error_set(error, "block: %zu bytes cannot hold %zu", packed.len,
				 len);
	buf_reserve(out, len + BLOCK_DELTA_SLACK);
	result = ZSTD_decompressDCtx(block_zstd(), out->data, len, packed.ptr,
				     packed.len);
	if (ZSTD_isError(result))
		return error_set(error, "block: zstd: %s", ZSTD_getErrorName(result));
	if (result != len)
		return error_set(error, "block: %zu bytes instead of %zu", result, len);
	out->len = len;
	return 0;
}

static size_t text_len(const struct column_event *event)
{
	return (size_t)event->raw_len + event->extra_len;
}

/* base texts lie in the order of their templates' codes; each is as long as the first
 * text of its template */
static int place_bases(struct block_frame_texts *texts, struct error *error)
{
	const struct block_columns *columns = texts->columns;
	size_t at = 0;

	for (uint32_t i = columns->count; i > 0; i--)
		texts->known[columns->events[i - 1].template_code].latest = i - 1;
	for (uint32_t code = 0; code < columns->templates_count; code++) {
		struct known_text *known = &texts->known[code];
		size_t len = 0;

		if (columns->has_base.ptr[code] != 0) {
			if (known->latest == NO_EVENT)
				return error_set(error, "block: base text of no event");
			len = text_len(&columns->events[known->latest]);
			if (len > texts->bases.len - at)
				return error_set(error, "block: base texts are short");
			known->base = slice_of(texts->bases.data + at, len);
			at += len;
		}
		known->latest = NO_EVENT;
	}
	if (at != texts->bases.len)
		return error_set(error, "block: bytes behind the last base text");
	return 0;
}

static int open_bases(struct block_frame_texts *texts, struct error *error)
{
	size_t count = texts->columns->templates_count;

	if (texts->bases_len > 0 &&
	    block_decompress(buf_slice(&texts->bases_packed), texts->bases_len,
			     &texts->bases, error) < 0)
		return -1;
	/* never NULL: an empty base text is one all the same */
	buf_reserve(&texts->bases, 1);
	texts->known = mem_calloc(count, sizeof(*texts->known));
	for (size_t i = 0; i < count; i++)
		texts->known[i].latest = NO_EVENT;
	if (place_bases(texts, error) < 0) {
		mem_free(texts->known);
		texts->known = NULL;
		return -1;
	}
	return 0;
}

/* What `latest` says of other frames, or of this one from an earlier time, is told by
 * its number. */
static struct slice text_like(const struct block_frame_texts *texts, uint32_t first,
			      uint32_t index)
{
	const struct column_event *events = texts->columns->events;
	const struct known_text *known = &texts->known[events[index].template_code];
	const struct column_event *latest = NULL;

	if (known->latest < first || known->latest >= index)
		return known->base;
	latest = &events[known->latest];
	return slice_of(texts->open.data + latest->offset, text_len(latest));
}

static int add_text(struct block_frame_texts *texts, struct block_delta_source *source,
		    uint32_t first, uint32_t index)
{
	const struct column_event *event = &texts->columns->events[index];
	size_t len = text_len(event);

	/* no text is longer than the one it is like and all that can be taken */
	if (len > text_like(texts, first, index).len + source->fresh.len)
		return -1;
	buf_reserve(&texts->open, len + BLOCK_DELTA_SLACK);
	if (block_delta_take(source, text_like(texts, first, index),
			     texts->open.data + texts->open.len, len) < 0)
		return -1;
	texts->open.len += len;
	texts->known[event->template_code].latest = index;
	return 0;
}

static int add_texts(struct block_frame_texts *texts, const struct column_frame *frame,
		     struct error *error)
{
	struct slice unpacked = buf_slice(&texts->unpacked);
	struct block_delta_source source = {
		.steps = slice_head(unpacked, frame->steps_bytes),
		.fresh = slice_from(unpacked, frame->steps_bytes),
	};
	uint32_t first = frame->place.first;

	buf_clear(&texts->open);
	if (frame->texts_bytes > BLOCK_DECOMPRESSED_MAX)
		return error_set(error, "block: a frame of %zu bytes",
				 frame->texts_bytes);
	for (uint32_t i = first; i < first + frame->place.count; i++) {
		if (add_text(texts, &source, first, i) < 0)
			return error_set(error, "block: event %u is malformed", i);
	}
	if (source.steps.len > 0 || source.fresh.len > 0)
		return error_set(error, "block: bytes behind the last event");
	return 0;
}

int block_frame_open(struct block_frame_texts *texts, const struct column_frame *frame,
		     struct slice packed, struct error *error)
{
	if (texts->columns->version < BLOCK_VERSION_DELTA)
		return block_decompress(packed, frame->texts_bytes, &texts->open,
					error);
	if (texts->known == NULL && open_bases(texts, error) < 0)
		return -1;
	if (block_decompress(packed, frame->steps_bytes + frame->fresh_bytes,
			     &texts->unpacked, error) < 0)
		return -1;
	return add_texts(texts, frame, error);
}

void block_frame_deinit(struct block_frame_texts *texts)
{
	buf_deinit(&texts->bases_packed);
	buf_deinit(&texts->bases);
	buf_deinit(&texts->unpacked);
	buf_deinit(&texts->open);
	mem_free(texts->known);
	*texts = (struct block_frame_texts){ 0 };
}
