/* syslog_socket.c - binding, and the life of a unix socket's path */
#include "sources/syslog_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

#define SOCKET_FLAGS ((int)SOCK_CLOEXEC | (int)SOCK_NONBLOCK)

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == SYSLOG_PATH_MAX + 1,
	       "a path fits with its NUL");

static struct addrinfo *parse_listen(const char *listen, int type)
{
	struct addrinfo hints = { .ai_flags =
					  AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = type };
	const char *colon = strrchr(listen, ':');
	struct addrinfo *found = NULL;
	struct slice host = { 0 };
	char *text = NULL;

	if (colon == NULL)
		return NULL;
	host = slice_of(listen, (size_t)(colon - listen));
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = slice_of(host.ptr + 1, host.len - 2);
	text = mem_slice_dup(host);
	if (getaddrinfo(text, colon + 1, &hints, &found) != 0)
		found = NULL;
	mem_free(text);
	return found;
}

static int bind_internet(const char *listen, int fd, const struct addrinfo *address,
			 struct error *error)
{
	int on = 1;

	/* not for datagrams: two daemons would share the port */
	if (address->ai_socktype == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return error_set_errno(error, "listen %s: SO_REUSEADDR", listen);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0)
		return error_set_errno(error, "listen %s", listen);
	return 0;
}

static int open_internet(const char *listen, int type, struct syslog_socket *out,
			 struct error *error)
{
	struct addrinfo *address = parse_listen(listen, type);
	int status = 0;

	if (address == NULL)
		return error_set(error, "listen %s: not an address and a port", listen);
	out->fd = socket(address->ai_family, type | SOCKET_FLAGS, 0);
	if (out->fd < 0)
		status = error_set_errno(error, "listen %s: socket", listen);
	else
		status = bind_internet(listen, out->fd, address, error);
	freeaddrinfo(address);
	return status;
}

/* does anybody still read what is sent to the path? Nothing is sent to find out */
static bool is_stale(const struct sockaddr_un *address, int type)
{
	int fd = socket(AF_UNIX, type | SOCKET_FLAGS, 0);
	bool refused = false;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
		  errno == ECONNREFUSED;
	(void)close(fd); /* nothing was written */
	return refused;
}

static int make_way(const struct sockaddr_un *address, int type, struct error *error)
{
	const char *path = address->sun_path;
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : error_set_errno(error, "path %s", path);
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, "path %s: there, and not a socket", path);
	if (!is_stale(address, type))
		return error_set(error, "path %s: another process listens there", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set_errno(error, "path %s: remove the old socket", path);
	return 0;
}

static int bind_unix(const struct syslog_address *wanted,
		     const struct sockaddr_un *address, struct syslog_socket *out,
		     struct error *error)
{
	struct stat status;

	/* on Linux the socket's mode becomes the path's: until chmod nobody else may
	 * send, whatever the umask is */
	if (fchmod(out->fd, S_IRUSR | S_IWUSR) < 0 ||
	    bind(out->fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return error_set_errno(error, "path %s", wanted->path);
	out->path = mem_strdup(wanted->path);
	if (chmod(wanted->path, wanted->mode) < 0 || lstat(wanted->path, &status) < 0)
		return error_set_errno(error, "path %s: set its mode", wanted->path);
	out->device = status.st_dev;
	out->inode = status.st_ino;
	return 0;
}

static int open_unix(const struct syslog_address *wanted, int type,
		     struct syslog_socket *out, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(wanted->path);

	if (len > SYSLOG_PATH_MAX)
		return error_set(error, "path %s: longer than %d bytes", wanted->path,
				 SYSLOG_PATH_MAX);
	memcpy(address.sun_path, wanted->path, len + 1);
	if (make_way(&address, type, error) < 0)
		return -1;
	out->fd = socket(AF_UNIX, type | SOCKET_FLAGS, 0);
	if (out->fd < 0)
		return error_set_errno(error, "path %s: socket", wanted->path);
	return bind_unix(wanted, &address, out, error);
}

int syslog_socket_open(const struct syslog_address *address, int type,
		       struct syslog_socket *out, struct error *error)
{
	int status = 0;

	*out = SYSLOG_SOCKET_NONE;
	if (address->path != NULL)
		status = open_unix(address, type, out, error);
	else
		status = open_internet(address->listen, type, out, error);
	if (status < 0)
		syslog_socket_close(out);
	return status;
}

void syslog_socket_close(struct syslog_socket *sock)
{
	struct stat status;

	/* another may have put its own socket there */
	if (sock->path != NULL && lstat(sock->path, &status) == 0 &&
	    status.st_dev == sock->device && status.st_ino == sock->inode)
		(void)unlink(sock->path); /* left over, it is stale: the next start's */
	mem_free(sock->path);
	if (sock->fd >= 0)
		(void)close(sock->fd); /* nothing is written to it */
	*sock = SYSLOG_SOCKET_NONE;
}

unsigned syslog_socket_port(const struct syslog_socket *sock)
{
	struct sockaddr_in6 address = { 0 }; /* the larger of the two families */
	socklen_t len = sizeof(address);

	if (sock->fd < 0 || sock->path != NULL ||
	    getsockname(sock->fd, (struct sockaddr *)&address, &len) < 0)
		return 0;
	/* the port lies at the same place in both */
	return ntohs(address.sin6_port);
}
