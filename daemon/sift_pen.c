/* sift_pen.c - counts columns while it writes */
#include "daemon/sift_pen.h"

#include <stdarg.h>
#include <stdio.h>

#include "daemon/sift_columns.h"

#define PRINTF_MAX 256

static void begin_code(const struct sift_pen *pen, const char *code)
{
	if (pen->colour && code != NULL)
		buf_printf(pen->out, "\x1b[%sm", code);
}

static void end_code(const struct sift_pen *pen, const char *code)
{
	if (pen->colour && code != NULL)
		buf_append_str(pen->out, "\x1b[0m");
}

void sift_pen_put(struct sift_pen *pen, const char *code, struct slice text)
{
	if (pen->rows == 0 || pen->left == 0 || text.len == 0)
		return;
	begin_code(pen, code);
	pen->left -= columns_append(pen->out, text, pen->left);
	end_code(pen, code);
}

void sift_pen_printf(struct sift_pen *pen, const char *code, const char *format, ...)
{
	char text[PRINTF_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* cut is fine */
	va_end(arguments);
	sift_pen_put(pen, code, slice_str(text));
}

void sift_pen_field(struct sift_pen *pen, const char *code, struct slice text,
		    size_t columns)
{
	size_t rest = pen->left > columns ? pen->left - columns : 0;

	if (pen->rows == 0)
		return;
	pen->left -= rest;
	sift_pen_put(pen, code, text);
	for (; pen->left > 0; pen->left--)
		buf_append_char(pen->out, ' ');
	pen->left = rest;
}

void sift_pen_drawn(struct sift_pen *pen, struct slice drawn, size_t columns)
{
	if (pen->rows == 0 || pen->left < columns)
		return;
	buf_append_slice(pen->out, drawn);
	pen->left -= columns;
}

void sift_pen_end_line(struct sift_pen *pen)
{
	if (pen->rows == 0)
		return;
	pen->rows--;
	pen->left = pen->columns;
	/* a line feed behind the last row would scroll the screen */
	if (pen->screen)
		buf_append_str(pen->out, pen->rows == 0 ? "\x1b[K" : "\x1b[K\r\n");
	else
		buf_append_char(pen->out, '\n');
}
