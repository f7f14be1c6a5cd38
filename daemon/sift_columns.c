/* sift_columns.c - widths by the C library's tables, escapes by ours */
#include "daemon/sift_columns.h"

#include <locale.h>
#include <stdio.h>
#include <wchar.h>

#include "base/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define RETURN_SIGN " \xe2\x8f\x8e "

/* what one step over the text shows */
struct piece {
	size_t bytes;   /* taken of the text */
	size_t columns; /* 0: joins what stands before it, or shows nothing */
	struct slice shown;
	char escape[5];
};

void columns_init(void)
{
	/* start-up: no other thread runs */
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* NOLINT(concurrency-mt-unsafe) */
}

static wchar_t decode(struct slice text, size_t bytes)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned code = (unsigned char)text.ptr[0] & masks[bytes];

	for (size_t i = 1; i < bytes; i++)
		code = code << 6 | ((unsigned char)text.ptr[i] & 0x3f);
	return (wchar_t)code;
}

/* bytes of "ESC [ 1 ; 31 m" and the like; 0: there is none */
static size_t colour_bytes(struct slice text)
{
	size_t at = 2;

	if (!slice_starts_with(text, SLICE("\x1b[")))
		return 0;
	while (at < text.len &&
	       ((text.ptr[at] >= '0' && text.ptr[at] <= '9') || text.ptr[at] == ';'))
		at++;
	return at < text.len && (text.ptr[at] == 'm' || text.ptr[at] == 'K') ? at + 1
									     : 0;
}

static void take_escape(struct slice text, struct piece *piece)
{
	(void)snprintf(piece->escape, sizeof(piece->escape), "\\x%02x",
		       (unsigned char)text.ptr[0]); /* always fits */
	piece->bytes = 1;
	piece->columns = 4;
	piece->shown = slice_of(piece->escape, 4);
}

static void take_piece(struct slice text, struct piece *piece)
{
	size_t bytes = utf8_sequence(text);
	size_t colour = colour_bytes(text);
	int width = 0;

	*piece = (struct piece){ .bytes = 1, .columns = 1, .shown = SLICE(" ") };
	if (colour > 0) {
		piece->bytes = colour;
		piece->columns = 0;
		piece->shown = SLICE("");
	} else if (text.ptr[0] == '\n') {
		piece->columns = 3;
		piece->shown = SLICE(RETURN_SIGN);
	} else if (bytes == 1 && text.ptr[0] >= ' ' && text.ptr[0] < 0x7f) {
		piece->shown = slice_head(text, 1);
	} else if (text.ptr[0] != '\t') {
		width = bytes > 1 ? wcwidth(decode(text, bytes)) : -1;
		if (width < 0) {
			take_escape(text, piece);
			return;
		}
		piece->bytes = bytes;
		piece->columns = (size_t)width;
		piece->shown = slice_head(text, bytes);
	}
}

size_t columns_of(struct slice text)
{
	struct piece piece;
	size_t used = 0;

	for (; text.len > 0; text = slice_from(text, piece.bytes)) {
		take_piece(text, &piece);
		used += piece.columns;
	}
	return used;
}

size_t columns_append(struct buf *out, struct slice text, size_t columns)
{
	struct piece piece;
	size_t used = 0;
	/* where the ellipsis goes, should the text turn out not to fit */
	size_t cut_len = out->len;
	size_t cut_used = 0;

	if (columns == 0)
		return 0;
	for (; text.len > 0; text = slice_from(text, piece.bytes)) {
		take_piece(text, &piece);
		if (used + piece.columns > columns) {
			out->len = cut_len;
			buf_append_str(out, ELLIPSIS);
			return cut_used + 1;
		}
		buf_append_slice(out, piece.shown);
		used += piece.columns;
		if (used < columns) {
			cut_len = out->len;
			cut_used = used;
		}
	}
	return used;
}
