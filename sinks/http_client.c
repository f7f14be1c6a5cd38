/* http_client.c - libcurl tells which sockets and which timer it wants, libevent has
 * them
 */
#include "sinks/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define CONNECT_MS_MAX 5000L

struct http_client {
	struct event_base *base;
	struct http_client_bans bans;
	char *user_agent;
	CURLM *multi;
	struct event *timer;
	struct http_call *calls; /* open ones */
	size_t open;
};

struct http_call {
	struct http_client *client;
	struct http_call *next;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	struct buf answer;
	char error[CURL_ERROR_SIZE];
	bool refused;
	http_answer_fn *done;
	void *context;
};

static void free_call(struct http_call *call)
{
	struct http_call **place = &call->client->calls;

	while (*place != call)
		place = &(*place)->next;
	*place = call->next;
	call->client->open--;
	(void)curl_multi_remove_handle(call->client->multi, call->easy); /* ours */
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	buf_deinit(&call->body);
	buf_deinit(&call->answer);
	mem_free(call);
}

static void end_call(struct http_call *call, CURLcode result)
{
	struct http_answer answer = { .body = buf_slice(&call->answer), .error = "" };
	curl_off_t retry_after = 0;
	long status = 0;

	if (result == CURLE_OK) {
		(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		(void)curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
		answer.status = (int)status;
	} else if (call->refused) {
		answer.error =
			"the address is link-local, private or otherwise not to be asked";
	} else {
		answer.error = call->error[0] != '\0' ? call->error
						      : curl_easy_strerror(result);
	}
	if (retry_after > 0)
		answer.retry_after_s =
			retry_after < 3600 ? (unsigned)retry_after : 3600;
	call->done(call->context, &answer);
	free_call(call);
}

static void end_finished(struct http_client *client)
{
	const CURLMsg *message = NULL;
	int left = 0;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
					&private);
		end_call((struct http_call *)(void *)private, result);
	}
}

static void act(struct http_client *client, curl_socket_t socket, int mask)
{
	int running = 0;

	(void)curl_multi_socket_action(client->multi, socket, mask, &running);
	end_finished(client);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
	int mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		   (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	act(context, fd, mask);
}

/* CURLMOPT_TIMERFUNCTION */
static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct http_client *client = context;
	const struct timeval delay = { .tv_sec = timeout_ms / 1000,
				       .tv_usec = timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms < 0)
		event_del(client->timer);
	else
		event_add(client->timer, &delay);
	return 0;
}

/* CURLMOPT_SOCKETFUNCTION; the socket's event is kept by libcurl as its `watch` */
static int set_socket(CURL *easy, curl_socket_t socket, int what, void *context,
		      void *watch)
{
	struct http_client *client = context;
	struct event *event = watch;
	short wanted = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		wanted = (short)(wanted | (what & CURL_POLL_IN ? EV_READ : 0) |
				 (what & CURL_POLL_OUT ? EV_WRITE : 0));
		event = event_new(client->base, socket, wanted, on_socket, client);
		event_add(event, NULL);
	}
	(void)curl_multi_assign(client->multi, socket, event);
	return 0;
}

/* CURLOPT_OPENSOCKETFUNCTION: the one place where all addresses pass */
static curl_socket_t open_socket(void *context, curlsocktype purpose,
				 struct curl_sockaddr *address)
{
	struct http_call *call = context;

	(void)purpose;
	if (http_client_is_refused(&call->client->bans, &address->addr)) {
		call->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		      address->protocol);
}

/* CURLOPT_WRITEFUNCTION: what is too long is read and forgotten */
static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct http_call *call = context;
	size_t len = size * count;
	size_t room = HTTP_ANSWER_MAX - call->answer.len;

	buf_append(&call->answer, bytes, len < room ? len : room);
	return len;
}

int http_client_new(struct event_base *base, const struct http_client_config *config,
		    struct http_client **out, struct error *error)
{
	struct http_client *client = NULL;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(error, "http client: libcurl does not start");
	client = mem_calloc(1, sizeof(*client));
	client->base = base;
	client->bans = config->bans;
	client->user_agent = mem_strdup(config->user_agent);
	client->timer = event_new(base, -1, 0, on_timer, client);
	client->multi = curl_multi_init();
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	*out = client;
	return 0;
}

void http_client_free(struct http_client **client_ptr)
{
	struct http_client *client = *client_ptr;

	if (client == NULL)
		return;
	while (client->calls != NULL)
		free_call(client->calls);
	(void)curl_multi_cleanup(client->multi); /* nothing is in it */
	event_free(client->timer);
	mem_free(client->user_agent);
	mem_free(client);
	curl_global_cleanup();
	*client_ptr = NULL;
}

static void set_options(struct http_call *call,
			const struct http_client_request *request)
{
	CURL *easy = call->easy;

	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	(void)curl_easy_setopt(easy, CURLOPT_URL, request->url);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
			       (curl_off_t)call->body.len);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.data);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	if (request->method != NULL)
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS_MAX);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, call->client->user_agent);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
}

struct http_call *http_client_post(struct http_client *client,
				   const struct http_client_request *request,
				   http_answer_fn *done, void *context)
{
	struct http_call *call = NULL;

	if (client->open == HTTP_CLIENT_OPEN_MAX)
		return NULL;
	call = mem_calloc(1, sizeof(*call));
	call->client = client;
	call->done = done;
	call->context = context;
	call->easy = curl_easy_init();
	buf_append_slice(&call->body, request->body);
	buf_append_char(&call->body, '\0');
	call->body.len--;
	for (size_t i = 0; i < request->headers_count; i++)
		call->headers = curl_slist_append(call->headers, request->headers[i]);
	call->next = client->calls;
	client->calls = call;
	client->open++;
	set_options(call, request);
	/* starts with the timer that it sets, so not from inside */
	(void)curl_multi_add_handle(client->multi, call->easy);
	return call;
}
