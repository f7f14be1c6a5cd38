/* sd_notify.c - datagrams to $NOTIFY_SOCKET, without libsystemd */
#include "base/sd_notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 512

static int open_socket(const char *name, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return error_set(error, "NOTIFY_SOCKET %s: neither a path nor abstract",
				 name);
	if (len >= sizeof(address.sun_path))
		return error_set(error, "NOTIFY_SOCKET %s: longer than %zu bytes", name,
				 sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, name, len);
	/* abstract names begin with NUL, and their length counts: no NUL at the end */
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(error, "NOTIFY_SOCKET %s: socket", name);
	socklen_t address_len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (connect(fd, (struct sockaddr *)&address, address_len) < 0) {
		(void)error_set_errno(error, "NOTIFY_SOCKET %s: connect", name);
		close(fd);
		return -1;
	}
	return fd;
}

/* 0 when no watchdog waits for this process */
static int64_t read_watchdog(const char *usec, const char *pid)
{
	if (usec == NULL)
		return 0;
	if (pid != NULL && strtoimax(pid, NULL, 10) != (intmax_t)getpid())
		return 0;
	char *end;
	errno = 0;
	intmax_t value = strtoimax(usec, &end, 10);
	return errno == 0 && *end == '\0' && value > 0 ? (int64_t)value : 0;
}

int sd_notify_init(struct sd_notify *notify, struct error *error)
{
	*notify = (struct sd_notify){ .fd = -1 };
	/* NOLINTBEGIN(concurrency-mt-unsafe): before threads start, says the header */
	const char *name = getenv("NOTIFY_SOCKET");
	notify->watchdog_us =
		read_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	int result = 0;
	if (name != NULL && name[0] != '\0') {
		notify->fd = open_socket(name, error);
		result = notify->fd < 0 ? -1 : 0;
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	/* NOLINTEND(concurrency-mt-unsafe) */
	return result;
}

void sd_notify_deinit(struct sd_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	*notify = (struct sd_notify){ .fd = -1 };
}

static void send_message(const struct sd_notify *notify, const char *message,
			 size_t len)
{
	if (notify->fd < 0)
		return;
	/* a manager that does not read is not our reason to stop */
	(void)send(notify->fd, message, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void sd_notify_ready(const struct sd_notify *notify)
{
	static const char message[] = "READY=1";
	send_message(notify, message, sizeof(message) - 1);
}

void sd_notify_stopping(const struct sd_notify *notify)
{
	static const char message[] = "STOPPING=1";
	send_message(notify, message, sizeof(message) - 1);
}

void sd_notify_watchdog(const struct sd_notify *notify)
{
	static const char message[] = "WATCHDOG=1";
	send_message(notify, message, sizeof(message) - 1);
}

void sd_notify_status(const struct sd_notify *notify, const char *format, ...)
{
	char message[MESSAGE_MAX] = "STATUS=";
	const size_t prefix = strlen(message);
	va_list args;
	va_start(args, format);
	int len = vsnprintf(message + prefix, sizeof(message) - prefix, format, args);
	va_end(args);
	if (len < 0)
		return;
	/* a line end would begin another variable */
	for (char *c = message + prefix; *c != '\0'; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	send_message(notify, message, strlen(message));
}

void sd_notify_extend_timeout(const struct sd_notify *notify, int64_t extend_us)
{
	char message[MESSAGE_MAX];
	int len = snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%" PRId64,
			   extend_us);
	send_message(notify, message, (size_t)len);
}
