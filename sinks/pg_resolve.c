/* pg_resolve.c - getaddrinfo on a thread, its answer by an eventfd */
#include "sinks/pg_resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* shared by the thread and the loop: the last of them frees it */
struct lookup {
	atomic_int holders;
	int ready_fd;
	char *host;
	char *port;
	struct buf hosts;
	struct buf addresses;
	struct buf ports;
	size_t count;
	bool failed;
	struct error error;
};

struct pg_resolve {
	struct lookup *lookup;
	struct event *ready;
	pg_resolve_fn *done;
	void *context;
};

static bool is_address(const char *host)
{
	unsigned char space[sizeof(struct in6_addr)];

	return host[0] == '\0' || host[0] == '/' || host[0] == '@' ||
	       inet_pton(AF_INET, host, space) == 1 ||
	       inet_pton(AF_INET6, host, space) == 1;
}

/* the next item of a comma-separated list into item; the list behind it, or NULL */
static const char *next_item(const char *list, struct buf *item)
{
	size_t len = strcspn(list, ",");

	buf_clear(item);
	buf_append(item, list, len);
	buf_append_char(item, '\0');
	return list[len] == ',' ? list + len + 1 : NULL;
}

bool pg_resolve_needed(const char *host)
{
	struct buf item = { 0 };
	bool needed = false;

	for (const char *at = host; at != NULL && !needed;) {
		at = next_item(at, &item);
		needed = !is_address(item.data);
	}
	buf_deinit(&item);
	return needed;
}

static void add_address(struct lookup *lookup, const char *host, const char *address,
			const char *port)
{
	const char *comma = lookup->count == 0 ? "" : ",";

	if (lookup->count == PG_RESOLVE_ADDRESSES_MAX)
		return;
	buf_printf(&lookup->hosts, "%s%s", comma, host);
	buf_printf(&lookup->addresses, "%s%s", comma, address);
	buf_printf(&lookup->ports, "%s%s", comma, port);
	lookup->count++;
}

static void look_up_one(struct lookup *lookup, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char text[NI_MAXHOST];
	int code = 0;

	if (is_address(host)) {
		/* a path stays in host, and has no hostaddr */
		add_address(lookup, host, host[0] == '/' || host[0] == '@' ? "" : host,
			    port);
		return;
	}
	code = getaddrinfo(host, NULL, &hints, &found);
	if (code != 0) {
		lookup->failed = true;
		(void)error_set(&lookup->error, "postgresql: host %s: %s", host,
				gai_strerror(code));
		return;
	}
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), NULL,
				0, NI_NUMERICHOST) == 0)
			add_address(lookup, host, text, port);
	freeaddrinfo(found);
}

static void look_up_all(struct lookup *lookup)
{
	struct buf host = { 0 };
	struct buf port = { 0 };
	const char *ports = lookup->port;

	for (const char *hosts = lookup->host; hosts != NULL;) {
		hosts = next_item(hosts, &host);
		/* a single port serves all hosts */
		if (ports != NULL)
			ports = next_item(ports, &port);
		look_up_one(lookup, host.data, port.data);
	}
	buf_append_char(&lookup->hosts, '\0');
	buf_append_char(&lookup->addresses, '\0');
	buf_append_char(&lookup->ports, '\0');
	buf_deinit(&host);
	buf_deinit(&port);
}

static void release(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->holders, 1) > 1)
		return;
	(void)close(lookup->ready_fd); /* only read and written by us */
	mem_free(lookup->host);
	mem_free(lookup->port);
	buf_deinit(&lookup->hosts);
	buf_deinit(&lookup->addresses);
	buf_deinit(&lookup->ports);
	mem_free(lookup);
}

static void *run(void *arg)
{
	struct lookup *lookup = arg;

	look_up_all(lookup);
	(void)eventfd_write(lookup->ready_fd, 1); /* cannot fail: it counts to one */
	release(lookup);
	return NULL;
}

static void finish(struct pg_resolve *resolve)
{
	const struct lookup *lookup = resolve->lookup;
	struct pg_addresses addresses = { .host = lookup->hosts.data,
					  .hostaddr = lookup->addresses.data,
					  .port = lookup->ports.data };

	/* one of several hosts may be unknown: the others are tried */
	if (lookup->count == 0)
		resolve->done(resolve->context, NULL, &lookup->error);
	else
		resolve->done(resolve->context, &addresses, NULL);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t count = 0;

	(void)what;
	/* pairs with the thread's write: what it wrote before is ours to read */
	(void)eventfd_read(fd, &count); /* it is readable */
	finish(arg);
}

int pg_resolve_start(struct event_base *base, const struct pg_resolve_request *request,
		     struct pg_resolve **out, struct error *error)
{
	struct pg_resolve *resolve = NULL;
	struct lookup *lookup = NULL;
	pthread_t thread;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	*out = NULL;
	if (fd < 0)
		return error_set_errno(error, "postgresql: eventfd");
	lookup = mem_calloc(1, sizeof(*lookup));
	lookup->ready_fd = fd;
	lookup->host = mem_strdup(request->host);
	lookup->port = mem_strdup(request->port);
	atomic_init(&lookup->holders, 2);
	if (pthread_create(&thread, NULL, run, lookup) != 0) {
		atomic_store(&lookup->holders, 1);
		release(lookup);
		return error_set(error, "postgresql: no thread to look up %s",
				 request->host);
	}
	(void)pthread_detach(thread); /* the thread is ours, and joinable until here */
	resolve = mem_calloc(1, sizeof(*resolve));
	resolve->lookup = lookup;
	resolve->done = request->done;
	resolve->context = request->context;
	resolve->ready = event_new(base, fd, EV_READ, on_ready, resolve);
	event_add(resolve->ready, NULL);
	*out = resolve;
	return 0;
}

void pg_resolve_free(struct pg_resolve **resolve)
{
	if (*resolve == NULL)
		return;
	event_free((*resolve)->ready);
	release((*resolve)->lookup);
	mem_free(*resolve);
	*resolve = NULL;
}
