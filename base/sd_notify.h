/* sd_notify.h - tells the service manager what the daemon is doing
 *
 * Threads: any, after sd_notify_init. Owner: sd_notify_deinit closes the socket.
 * Limits: a message is cut at 512 bytes. Nothing blocks: when the manager does not
 * read, a message is lost, and the next one tells again.
 *
 * The protocol is a datagram of NAME=value lines to the socket that $NOTIFY_SOCKET
 * names (sd_notify(3)); without that variable every call does nothing.
 */
#ifndef SIFTD_BASE_SD_NOTIFY_H
#define SIFTD_BASE_SD_NOTIFY_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct sd_notify {
	int fd;              /* -1: no service manager listens */
	int64_t watchdog_us; /* send sd_notify_watchdog at least twice in this; 0: no */
};

/* reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the
 * environment, so that no child speaks in our name; call before threads start. -1 only
 * when the variable is there and its socket cannot be used. */
MUST_CHECK int sd_notify_init(struct sd_notify *notify, struct error *error);
void sd_notify_deinit(struct sd_notify *notify);

void sd_notify_ready(const struct sd_notify *notify);
void sd_notify_stopping(const struct sd_notify *notify);
void sd_notify_watchdog(const struct sd_notify *notify);
/* one line for `systemctl status` */
void sd_notify_status(const struct sd_notify *notify, const char *format, ...)
	PRINTF_LIKE(2, 3);
/* while starting or stopping takes long: the manager waits this much longer, from now
 */
void sd_notify_extend_timeout(const struct sd_notify *notify, int64_t extend_us);

#endif
