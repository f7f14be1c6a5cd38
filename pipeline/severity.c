/* severity.c - level words: eight lower-cased bytes compared as one number */
#include "pipeline/record.h"

#include <stdint.h>

#define AT(c, i) ((uint64_t)(unsigned char)(c) << (8 * (i)))
#define WORD(a, b, c, d, e, f, g, h)                                                   \
	(AT(a, 0) | AT(b, 1) | AT(c, 2) | AT(d, 3) | AT(e, 4) | AT(f, 5) | AT(g, 6) |  \
	 AT(h, 7))
#define W1(a) WORD(a, 0, 0, 0, 0, 0, 0, 0)
#define W3(a, b, c) WORD(a, b, c, 0, 0, 0, 0, 0)
#define W4(a, b, c, d) WORD(a, b, c, d, 0, 0, 0, 0)
#define W5(a, b, c, d, e) WORD(a, b, c, d, e, 0, 0, 0)
#define W6(a, b, c, d, e, f) WORD(a, b, c, d, e, f, 0, 0)
#define W7(a, b, c, d, e, f, g) WORD(a, b, c, d, e, f, g, 0)
#define WORD_LEN_MAX 13 /* informational */

/* 0 when a byte is no letter; a trailing digit passes, for DEBUG1 to DEBUG5. Which
 * digit it is does not matter: see stamp_trace.h */
static uint64_t pack_word(const char *bytes, size_t len)
{
	uint64_t packed = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		unsigned char lower = c | 0x20;

		if (lower >= 'a' && lower <= 'z')
			packed |= AT(lower, i);
		else if (c >= '0' && c <= '9' && i == 5 && len == 6)
			packed |= AT('1', i);
		else
			return 0;
	}
	return packed;
}

static enum severity severity_of_long_word(uint64_t head, struct slice tail)
{
	if (head == WORD('e', 'm', 'e', 'r', 'g', 'e', 'n', 'c') &&
	    slice_equal_nocase(tail, SLICE("y")))
		return SEVERITY_CRITICAL;
	if (head == WORD('i', 'n', 'f', 'o', 'r', 'm', 'a', 't') &&
	    (slice_equal_nocase(tail, SLICE("ion")) ||
	     slice_equal_nocase(tail, SLICE("ional"))))
		return SEVERITY_INFO;
	return SEVERITY_NONE;
}

/* up to NOTICE */
static enum severity severity_of_low(uint64_t word)
{
	switch (word) {
	case W1('t'):
	case W1('v'):
	case W3('t', 'r', 'c'):
	case W3('v', 'r', 'b'):
	case W4('t', 'r', 'c', 'e'):
	case W5('t', 'r', 'a', 'c', 'e'):
	case W5('f', 'i', 'n', 'e', 'r'):
	case W6('f', 'i', 'n', 'e', 's', 't'):
	case W7('v', 'e', 'r', 'b', 'o', 's', 'e'):
		return SEVERITY_TRACE;
	case W1('d'):
	case W3('d', 'b', 'g'):
	case W4('f', 'i', 'n', 'e'):
	case W4('d', 'e', 'b', 'u'):
	case W4('d', 'b', 'u', 'g'):
	case W5('d', 'e', 'b', 'u', 'g'):
	case W6('d', 'e', 'b', 'u', 'g', '1'):
		return SEVERITY_DEBUG;
	case W1('i'):
	case W3('i', 'n', 'f'):
	case W3('l', 'o', 'g'):
	case W4('i', 'n', 'f', 'o'):
		return SEVERITY_INFO;
	case W1('n'):
	case W4('n', 'o', 't', 'e'):
	case W6('n', 'o', 't', 'i', 'c', 'e'):
		return SEVERITY_NOTICE;
	default:
		return SEVERITY_NONE;
	}
}

/* from WARN */
static enum severity severity_of_high(uint64_t word)
{
	switch (word) {
	case W1('w'):
	case W3('w', 'r', 'n'):
	case W4('w', 'a', 'r', 'n'):
	case W7('w', 'a', 'r', 'n', 'i', 'n', 'g'):
		return SEVERITY_WARN;
	case W1('e'):
	case W3('e', 'r', 'r'):
	case W4('e', 'r', 'r', 'o'):
	case W4('f', 'a', 'i', 'l'):
	case W5('e', 'r', 'r', 'o', 'r'):
	case W6('s', 'e', 'v', 'e', 'r', 'e'):
		return SEVERITY_ERROR;
	case W1('c'):
	case W1('f'):
	case W3('f', 't', 'l'):
	case W4('c', 'r', 'i', 't'):
	case W4('f', 'a', 't', 'a'):
	case W5('f', 'a', 't', 'a', 'l'):
	case W5('a', 'l', 'e', 'r', 't'):
	case W5('e', 'm', 'e', 'r', 'g'):
	case W5('p', 'a', 'n', 'i', 'c'):
	case W6('d', 'p', 'a', 'n', 'i', 'c'):
	case WORD('c', 'r', 'i', 't', 'i', 'c', 'a', 'l'):
		return SEVERITY_CRITICAL;
	default:
		return SEVERITY_NONE;
	}
}

enum severity severity_of_word(struct slice word)
{
	if (word.len == 0 || word.len > WORD_LEN_MAX)
		return SEVERITY_NONE;

	uint64_t head = pack_word(word.ptr, word.len < 8 ? word.len : 8);

	if (word.len > 8)
		return severity_of_long_word(head, slice_from(word, 8));
	enum severity low = severity_of_low(head);

	return low != SEVERITY_NONE ? low : severity_of_high(head);
}
