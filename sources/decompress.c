/* decompress.c - choosing by magic bytes, then zlib or zstd in streaming mode */
#include "sources/decompress.h"

#include <stdint.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "sources/utf16.h"

enum kind { KIND_UNKNOWN, KIND_PLAIN, KIND_GZIP, KIND_ZSTD, KIND_UTF16 };

struct decompress {
	enum kind kind;
	struct slice input;
	z_stream gzip;
	bool gzip_open;
	ZSTD_DStream *zstd;
	struct utf16 utf16;
	bool inside; /* a member or frame has begun and not ended */
	bool more;   /* output may be waiting although the input is used up */
	bool failed; /* for this reason, to be told once what came before it is out */
	struct error failure;
};

struct decompress *decompress_new(void)
{
	return mem_calloc(1, sizeof(struct decompress));
}

void decompress_free(struct decompress **decompress)
{
	if (*decompress == NULL)
		return;
	if ((*decompress)->gzip_open)
		(void)inflateEnd(&(*decompress)->gzip); /* frees, says nothing new */
	(void)ZSTD_freeDStream((*decompress)->zstd);    /* as above */
	mem_free(*decompress);
	*decompress = NULL;
}

void decompress_feed(struct decompress *decompress, struct slice bytes)
{
	decompress->input = bytes;
}

static enum kind kind_of(struct slice input)
{
	if (slice_starts_with(input, SLICE("\x1f\x8b")))
		return KIND_GZIP;
	if (slice_starts_with(input, SLICE("\x28\xb5\x2f\xfd")))
		return KIND_ZSTD;
	if (utf16_begins(input))
		return KIND_UTF16;
	return KIND_PLAIN;
}

bool decompress_is_plain(struct slice begin)
{
	return kind_of(begin) == KIND_PLAIN;
}

static int begin(struct decompress *decompress, struct error *error)
{
	decompress->kind = kind_of(decompress->input);
	if (decompress->kind == KIND_GZIP) {
		if (inflateInit2(&decompress->gzip, 15 + 16) != Z_OK)
			return error_set(error, "gzip: out of memory");
		decompress->gzip_open = true;
	} else if (decompress->kind == KIND_ZSTD) {
		decompress->zstd = ZSTD_createDStream();
		if (decompress->zstd == NULL ||
		    ZSTD_isError(ZSTD_DCtx_setParameter(decompress->zstd,
							ZSTD_d_windowLogMax,
							DECOMPRESS_WINDOW_LOG_MAX)))
			return error_set(error, "zstd: out of memory");
	} else if (decompress->kind == KIND_UTF16) {
		decompress->utf16.big_endian = decompress->input.ptr[0] == '\xfe';
		/* the mark itself is no text */
		decompress->input = slice_from(decompress->input, 2);
	}
	return 0;
}

static int next_plain(struct decompress *decompress, char *space, size_t size)
{
	struct slice piece = slice_head(decompress->input, size);

	memcpy(space, piece.ptr, piece.len);
	decompress->input = slice_from(decompress->input, piece.len);
	return (int)piece.len;
}

static int next_utf16(struct decompress *decompress, char *space, size_t size)
{
	size_t made = utf16_decode(&decompress->utf16, &decompress->input, space, size);

	decompress->inside = utf16_inside(&decompress->utf16);
	return (int)made;
}

/* what was made before the damage comes out first */
static int fail_behind(struct decompress *decompress, size_t made, struct error *error)
{
	decompress->failed = true;
	decompress->failure = *error;
	return made > 0 ? (int)made : -1;
}

static int next_gzip(struct decompress *decompress, char *space, size_t size,
		     struct error *error)
{
	z_stream *gzip = &decompress->gzip;
	uInt room = size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)size;
	int status = Z_OK;

	gzip->next_in = (const Bytef *)decompress->input.ptr;
	gzip->avail_in = (uInt)decompress->input.len;
	gzip->next_out = (Bytef *)space;
	gzip->avail_out = room;
	while (gzip->avail_out > 0 && (gzip->avail_in > 0 || decompress->more)) {
		uInt before = gzip->avail_out;

		decompress->inside |= gzip->avail_in > 0;
		status = inflate(gzip, Z_NO_FLUSH);
		if (status == Z_STREAM_END) {
			decompress->inside = false;
			status = inflateReset(gzip);
		}
		if (status != Z_OK && status != Z_BUF_ERROR) {
			(void)error_set(error, "gzip: %s",
					gzip->msg == NULL ? "corrupt" : gzip->msg);
			return fail_behind(decompress, room - gzip->avail_out, error);
		}
		decompress->more = gzip->avail_out == 0;
		if (status == Z_BUF_ERROR && gzip->avail_out == before)
			break;
	}
	decompress->input = slice_of((const char *)gzip->next_in, gzip->avail_in);
	return (int)(room - gzip->avail_out);
}

static int next_zstd(struct decompress *decompress, char *space, size_t size,
		     struct error *error)
{
	ZSTD_inBuffer in = { decompress->input.ptr, decompress->input.len, 0 };
	ZSTD_outBuffer out = { space, size, 0 };

	while (out.pos < out.size && (in.pos < in.size || decompress->more)) {
		size_t before = out.pos + in.pos;
		size_t left = ZSTD_decompressStream(decompress->zstd, &out, &in);

		if (ZSTD_isError(left)) {
			(void)error_set(error, "zstd: %s", ZSTD_getErrorName(left));
			return fail_behind(decompress, out.pos, error);
		}
		decompress->more = out.pos == out.size;
		if (out.pos + in.pos == before)
			break;
		decompress->inside = left != 0;
	}
	decompress->input = slice_from(decompress->input, in.pos);
	return (int)out.pos;
}

int decompress_next(struct decompress *decompress, char *space, size_t size,
		    size_t *len, struct error *error)
{
	int made = 0;

	if (decompress->failed) {
		*error = decompress->failure;
		return -1;
	}
	if (decompress->kind == KIND_UNKNOWN) {
		if (decompress->input.len == 0)
			return 0;
		if (begin(decompress, error) < 0)
			return -1;
	}
	if (decompress->kind == KIND_GZIP)
		made = next_gzip(decompress, space, size, error);
	else if (decompress->kind == KIND_ZSTD)
		made = next_zstd(decompress, space, size, error);
	else if (decompress->kind == KIND_UTF16)
		made = next_utf16(decompress, space, size);
	else
		made = next_plain(decompress, space, size);
	*len = made > 0 ? (size_t)made : 0;
	return made < 0 ? -1 : made > 0;
}

bool decompress_has_end(const struct decompress *decompress)
{
	return decompress->kind != KIND_UTF16;
}

int decompress_finish(const struct decompress *decompress, struct error *error)
{
	static const char *const names[] = { [KIND_UNKNOWN] = "",
					     [KIND_PLAIN] = "plain",
					     [KIND_GZIP] = "gzip",
					     [KIND_ZSTD] = "zstd",
					     [KIND_UTF16] = "UTF-16" };

	if (decompress->inside)
		return error_set(error, "%s: ends in the middle",
				 names[decompress->kind]);
	return 0;
}
