/* tail_watch.c - inotify under three calls
 *
 * A file is watched through /proc/self/fd: the kernel follows the link to the inode, so
 * that the watch is on the file that is open, not on what has the name by now.
 */
#include "sources/tail_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

/* which limit was reached, and what to do about it */
static void tell_limit(const struct tail_watch *watch, const char *sysctl)
{
	log_warn("file_tail",
		 "sysctl %s is reached: what is not watched is looked at every "
		 "rescan; raise it, and start again source=%s",
		 sysctl, watch->source);
}

void tail_watch_open(struct tail_watch *watch, const char *source, bool off)
{
	struct error error;

	*watch = (struct tail_watch){ .fd = -1, .source = source, .off = off };
	if (off)
		return;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd >= 0)
		return;
	watch->off = true;
	if (errno == EMFILE) {
		tell_limit(watch, "fs.inotify.max_user_instances");
		return;
	}
	(void)error_set_errno(&error, "inotify_init1"); /* for its text */
	log_warn("file_tail", "%s: files are looked at every rescan source=%s",
		 error.text, source);
}

void tail_watch_close(struct tail_watch *watch)
{
	if (watch->fd >= 0)
		(void)close(watch->fd); /* holds no data */
	watch->fd = -1;
}

static int add(struct tail_watch *watch, const char *path, uint32_t mask)
{
	int id = -1;

	if (watch->off)
		return -1;
	id = inotify_add_watch(watch->fd, path, mask);
	if (id < 0 && errno == ENOSPC && !watch->refused) {
		watch->refused = true;
		tell_limit(watch, "fs.inotify.max_user_watches");
	}
	return id;
}

int tail_watch_file(struct tail_watch *watch, int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fits */
	return add(watch, path, IN_MODIFY);
}

int tail_watch_folder(struct tail_watch *watch, const char *path)
{
	return add(watch, path,
		   IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

void tail_watch_remove(struct tail_watch *watch, int id)
{
	if (id >= 0)
		(void)inotify_rm_watch(watch->fd, id); /* may be gone with its file */
}

static size_t pass_on(const char *at, tail_event_fn *fn, void *context)
{
	struct inotify_event event;

	memcpy(&event, at, sizeof(event));
	if ((event.mask & IN_Q_OVERFLOW) != 0)
		fn(context, TAIL_EVENT_LOST, -1);
	else if ((event.mask & IN_IGNORED) == 0)
		fn(context, TAIL_EVENT_WATCH, event.wd);
	return sizeof(event) + event.len;
}

void tail_watch_drain(struct tail_watch *watch, tail_event_fn *fn, void *context)
{
	char events[16384];
	ssize_t n = 1;

	/* bounded, or a busy writer could hold us here; the rest stays readable */
	for (int round = 0; !watch->off && round < 16 && n > 0; round++) {
		n = read(watch->fd, events, sizeof(events));
		for (size_t at = 0; n > 0 && at < (size_t)n;)
			at += pass_on(events + at, fn, context);
	}
}
