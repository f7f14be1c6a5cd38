/* block_zstd.h - the zstd context of a thread that reads blocks
 *
 * Threads: any; each gets its own. For pipeline/block_*.c only.
 * Owner: the thread, at whose end it is freed.
 * Limits: one context a thread, some 160 KB: more than what most small blocks hold, so
 *         that making one for each took longer than decompressing it.
 */
#ifndef SIFTD_PIPELINE_BLOCK_ZSTD_H
#define SIFTD_PIPELINE_BLOCK_ZSTD_H

#include <zstd.h>

/* never NULL; nothing is kept in it between two calls of zstd */
ZSTD_DCtx *block_zstd(void);

#endif
