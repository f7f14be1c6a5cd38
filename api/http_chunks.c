/* http_chunks.c - reading a body in chunks */
#include "api/http_head.h"

/* sixteen digits would overflow; extensions and trailers are read and forgotten */
#define SIZE_DIGITS_MAX 15
#define LINE_BYTES_MAX 256
#define TRAILER_BYTES_MAX 8192

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum http_chunks_step end_of_size(struct http_chunks *chunks)
{
	if (chunks->digits == 0)
		return CHUNKS_BAD;
	chunks->state = chunks->left == 0 ? CHUNK_TRAILER : CHUNK_DATA;
	chunks->line_len = 0;
	chunks->after_cr = false;
	return CHUNKS_MORE;
}

static enum http_chunks_step take_size(struct http_chunks *chunks, char c)
{
	int digit = digit_of(c);

	if (++chunks->line_len > LINE_BYTES_MAX)
		return CHUNKS_BAD;
	if (chunks->after_cr)
		return c == '\n' ? end_of_size(chunks) : CHUNKS_BAD;
	if (c == '\r') {
		chunks->after_cr = true;
	} else if (chunks->in_extension || c == ';' || c == ' ' || c == '\t') {
		chunks->in_extension = true;
		return c == '\n' ? CHUNKS_BAD : CHUNKS_MORE;
	} else if (digit < 0 || ++chunks->digits > SIZE_DIGITS_MAX) {
		return CHUNKS_BAD;
	} else {
		chunks->left = chunks->left * 16 + (unsigned)digit;
	}
	return CHUNKS_MORE;
}

static enum http_chunks_step take_data_end(struct http_chunks *chunks, char c)
{
	if (c == '\r' && !chunks->after_cr) {
		chunks->after_cr = true;
		return CHUNKS_MORE;
	}
	if (c != '\n' || !chunks->after_cr)
		return CHUNKS_BAD;
	*chunks = (struct http_chunks){ .state = CHUNK_SIZE };
	return CHUNKS_MORE;
}

/* fields behind the body, up to an empty line */
static enum http_chunks_step take_trailer(struct http_chunks *chunks, char c)
{
	if (++chunks->trailer_len > TRAILER_BYTES_MAX)
		return CHUNKS_BAD;
	if (c == '\n') {
		if (!chunks->after_cr)
			return CHUNKS_BAD;
		if (chunks->line_len == 0)
			return CHUNKS_END;
		chunks->line_len = 0;
		chunks->after_cr = false;
	} else if (chunks->after_cr) {
		return CHUNKS_BAD;
	} else if (c == '\r') {
		chunks->after_cr = true;
	} else {
		chunks->line_len++;
	}
	return CHUNKS_MORE;
}

static enum http_chunks_step take_data(struct http_chunks *chunks, struct slice bytes,
				       size_t *taken, struct slice *data)
{
	size_t len = bytes.len < chunks->left ? bytes.len : (size_t)chunks->left;

	*data = slice_head(bytes, len);
	*taken += len;
	chunks->left -= len;
	if (chunks->left == 0)
		chunks->state = CHUNK_DATA_END;
	return CHUNKS_DATA;
}

enum http_chunks_step http_chunks_step(struct http_chunks *chunks, struct slice bytes,
				       size_t *taken, struct slice *data)
{
	enum http_chunks_step step = CHUNKS_MORE;

	*taken = 0;
	while (step == CHUNKS_MORE && *taken < bytes.len) {
		char c = bytes.ptr[*taken];

		if (chunks->state == CHUNK_DATA)
			return take_data(chunks, slice_from(bytes, *taken), taken,
					 data);
		++*taken;
		if (chunks->state == CHUNK_SIZE)
			step = take_size(chunks, c);
		else if (chunks->state == CHUNK_DATA_END)
			step = take_data_end(chunks, c);
		else
			step = take_trailer(chunks, c);
	}
	return step;
}
