/* block_zstd.c - a context by thread, freed by the thread's end */
#include "pipeline/block_zstd.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void free_context(void *context)
{
	(void)ZSTD_freeDCtx(context); /* fails for static contexts only */
}

/* the main thread's is freed by exit, which runs no destructors of keys */
static void free_own(void)
{
	free_context(pthread_getspecific(key));
	(void)pthread_setspecific(key, NULL); /* the key is there */
}

static void make_key(void)
{
	if (pthread_key_create(&key, free_context) != 0 || atexit(free_own) != 0)
		abort(); /* out of keys or memory */
}

ZSTD_DCtx *block_zstd(void)
{
	ZSTD_DCtx *zstd = NULL;

	if (pthread_once(&once, make_key) != 0)
		abort(); /* our own bug */
	zstd = pthread_getspecific(key);
	if (zstd != NULL)
		return zstd;
	zstd = ZSTD_createDCtx();
	if (zstd == NULL || pthread_setspecific(key, zstd) != 0)
		abort(); /* out of memory */
	return zstd;
}
