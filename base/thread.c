/* thread.c - starting a thread that leaves signals to the loop */
#include "base/thread.h"

#include <errno.h>
#include <signal.h>

int thread_start(pthread_t *thread, const char *name, thread_fn *run, void *context,
		 struct error *error)
{
	sigset_t all;
	sigset_t before;
	int status = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(thread, NULL, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = status;
	if (status != 0)
		return error_set_errno(error, "%s: pthread_create", name);
	(void)pthread_setname_np(*thread, name); /* a comfort only */
	return 0;
}
