/* sift_stop.c - a flag that a signal sets while ppoll waits */
#include "daemon/sift_stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/compiler.h"

static const int stop_signals[] = { SIGINT, SIGTERM };
static volatile sig_atomic_t asked;
static bool catching;
static sigset_t held;         /* those that were not ignored */
static sigset_t waiting_mask; /* what is blocked while ppoll waits */

static void note_signal(int number)
{
	(void)number;
	asked = 1;
}

void sift_stop_catch(void)
{
	const struct sigaction note = { .sa_handler = note_signal };
	struct sigaction before = { .sa_handler = SIG_DFL };

	(void)sigemptyset(&held); /* cannot fail, nor can the calls below */
	for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++) {
		(void)sigaction(stop_signals[i], NULL, &before);
		if (before.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(stop_signals[i], &note, NULL);
		(void)sigaddset(&held, stop_signals[i]);
	}
	(void)pthread_sigmask(SIG_BLOCK, &held, &waiting_mask);
	catching = true;
}

static void release(void)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction before = { .sa_handler = SIG_DFL };

	catching = false;
	for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++) {
		(void)sigaction(stop_signals[i], NULL, &before);
		if (before.sa_handler == note_signal)
			(void)sigaction(stop_signals[i], &usual, NULL);
	}
	(void)pthread_sigmask(SIG_SETMASK, &waiting_mask, NULL);
}

/* a descriptor that is always ready never lets ppoll take a signal */
static void take_held(void)
{
	const struct timespec at_once = { 0 };

	if (catching && sigtimedwait(&held, NULL, &at_once) > 0)
		asked = 1;
}

enum sift_ready sift_stop_poll(int fd, int timeout_ms)
{
	const struct timespec timeout = { .tv_sec = timeout_ms / 1000,
					  .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	int status = 0;

	take_held();
	if (!asked)
		status = ppoll(&waits, 1, timeout_ms < 0 ? NULL : &timeout,
			       catching ? &waiting_mask : NULL);
	if (asked) {
		if (catching)
			release();
		return SIFT_STOPPED;
	}
	if (status < 0 && errno == EINTR)
		return SIFT_WAITING;
	/* what poll cannot wait for is left to read, which says why */
	return status == 0 ? SIFT_WAITING : SIFT_READY;
}
