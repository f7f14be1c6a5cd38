/* tail_watch.h - inotify: which file grew, whether a folder has new names
 *
 * Threads: one owner at a time. Owner: tail_watch_close frees.
 * Limits: those of fs.inotify; without a watch the periodic scan finds what changed.
 */
#ifndef SIFTD_SOURCES_TAIL_WATCH_H
#define SIFTD_SOURCES_TAIL_WATCH_H

#include <stdbool.h>

struct tail_watch {
	int fd;
	const char *source; /* its name, for messages; borrowed */
	bool off;           /* nothing is watched: all is found by scans */
	bool refused;       /* a watch was refused, and that was logged */
};

enum tail_event {
	TAIL_EVENT_WATCH, /* something about this watch: a file's, or a folder's */
	TAIL_EVENT_LOST   /* the kernel's queue overflowed: look at everything */
};

/* without an instance (fs.inotify.max_user_instances) it is off, and that is logged */
void tail_watch_open(struct tail_watch *watch, const char *source, bool off);
void tail_watch_close(struct tail_watch *watch);
/* watches the open file itself, whatever it is renamed to; -1: not watched */
int tail_watch_file(struct tail_watch *watch, int fd);
int tail_watch_folder(struct tail_watch *watch, const char *path);
void tail_watch_remove(struct tail_watch *watch, int id);
/* is called for each event that is there */
typedef void tail_event_fn(void *context, enum tail_event event, int id);
void tail_watch_drain(struct tail_watch *watch, tail_event_fn *fn, void *context);

#endif
