/* thread.h - starting a thread that leaves signals to the loop
 *
 * Threads: any. Owner: the caller joins the thread.
 */
#ifndef SIFTD_BASE_THREAD_H
#define SIFTD_BASE_THREAD_H

#include <pthread.h>

#include "base/compiler.h"
#include "base/error.h"

typedef void *thread_fn(void *context);

/* name: at most 15 bytes, for a comfort in top and gdb */
MUST_CHECK int thread_start(pthread_t *thread, const char *name, thread_fn *run,
			    void *context, struct error *error);

#endif
