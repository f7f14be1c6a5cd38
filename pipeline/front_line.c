/* front_line.c - where lines end, and what is known of the next one */
#include "pipeline/front_line.h"

#include <string.h>

struct slice line_without_end(struct slice bytes)
{
	if (bytes.len > 0 && bytes.ptr[bytes.len - 1] == '\n')
		bytes.len--;
	if (bytes.len > 0 && bytes.ptr[bytes.len - 1] == '\r')
		bytes.len--;
	return bytes;
}

void ahead_line(struct ahead *ahead, struct shape_cache *shapes, struct slice window)
{
	const char *end = NULL;

	ahead->any = false;
	if (shapes == NULL || window.len == 0)
		return;
	end = memchr(window.ptr, '\n', window.len);
	if (end == NULL)
		return;
	ahead->any = true;
	ahead->at = window.ptr;
	ahead->line =
		(struct line){ .full = (size_t)(end + 1 - window.ptr), .ended = true };
	ahead->line.text = slice_of(window.ptr, ahead->line.full);
	trim_line(&ahead->line);
	shape_expect(shapes, ahead->line.text, &ahead->use);
}

void ahead_record(struct ahead *ahead, struct shape_cache *shapes, struct slice next,
		  struct slice text, struct shape_use *use)
{
	use->state = SHAPE_NONE;
	if (ahead->any && ahead->at == text.ptr && ahead->line.text.len == text.len)
		*use = ahead->use;
	ahead->any = shapes != NULL && next.len > 0;
	if (!ahead->any)
		return;
	ahead->at = next.ptr;
	ahead->line.text = line_without_end(next);
	shape_expect(shapes, ahead->line.text, &ahead->use);
}
