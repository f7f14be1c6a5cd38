/* bootstrap.h - the first account of a new installation
 *
 * Threads: the loop thread only.
 * Owner: the caller frees it, running (then `done` is not called) or finished, but not
 *        from within `done`.
 */
#ifndef SIFTD_API_BOOTSTRAP_H
#define SIFTD_API_BOOTSTRAP_H

#include "api/api.h"
#include "api/context.h"

struct bootstrap;

struct bootstrap *bootstrap_start(struct api_context *api, api_bootstrap_fn *done,
				  void *context);
void bootstrap_free(struct bootstrap **bootstrap);

#endif
