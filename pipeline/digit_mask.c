/* digit_mask.c - blocks of fixed size, which every compiler turns into vector
 * instructions of the processor it builds for (SSE2, AVX2, NEON), or into plain C */
#include "pipeline/digit_mask.h"

#define BLOCK 16

static inline void mask_block(const char *text, char *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		out[i] = text[i];
		if (text[i] >= '0' && text[i] <= '9')
			out[i] = '0';
	}
}

void digit_mask(struct slice text, char *out)
{
	size_t at = 0;

	if (text.len < BLOCK) {
		mask_block(text.ptr, out, text.len);
		return;
	}
	for (; at + BLOCK <= text.len; at += BLOCK)
		mask_block(text.ptr + at, out + at, BLOCK);
	/* the last block overlaps the one before */
	at = text.len - BLOCK;
	mask_block(text.ptr + at, out + at, BLOCK);
}
