/* crash_point.c - die here, if that is what the environment asks for */
#include "base/crash_point.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *wanted;
static size_t wanted_len;
static atomic_long passes_left;

static void read_environment(void)
{
	const char *count = NULL;

	wanted = getenv("SIFTD_CRASH_POINT"); /* NOLINT(concurrency-mt-unsafe) once */
	if (wanted == NULL)
		return;
	count = strchr(wanted, ':');
	wanted_len = count == NULL ? strlen(wanted) : (size_t)(count - wanted);
	atomic_store(&passes_left, count == NULL ? 1 : strtol(count + 1, NULL, 10));
}

/* whoever asked for it must be able to tell it from any other death */
static void say(const char *name)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "siftd: crash point %s\n", name);

	if (len > 0 && (size_t)len < sizeof(line))
		(void)!write(STDERR_FILENO, line,
			     (size_t)len); /* nobody reads it then */
}

void crash_point(const char *name)
{
	(void)pthread_once(&once, read_environment); /* cannot fail */
	if (wanted == NULL || strlen(name) != wanted_len ||
	    memcmp(name, wanted, wanted_len) != 0)
		return;
	if (atomic_fetch_sub(&passes_left, 1) != 1)
		return;
	say(name);
	(void)kill(getpid(), SIGKILL); /* it cannot be caught or refused */
}
