/* byte_class.h - classes of bytes, by one table
 *
 * Threads: any.
 */
#ifndef SIFTD_PIPELINE_BYTE_CLASS_H
#define SIFTD_PIPELINE_BYTE_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#define BYTE_DIGIT 1
#define BYTE_LOWER 2
#define BYTE_UPPER 4
#define BYTE_BLANK 8  /* space and tab */
#define BYTE_IDENT 16 /* may stand inside a component's name */
#define BYTE_KEY 32   /* may stand inside the key of a pair */
#define BYTE_ALPHA (BYTE_LOWER | BYTE_UPPER)
#define BYTE_ALNUM (BYTE_ALPHA | BYTE_DIGIT)

extern const uint8_t byte_classes[256];

static inline bool byte_is(char c, unsigned classes)
{
	return (byte_classes[(unsigned char)c] & classes) != 0;
}

#endif
