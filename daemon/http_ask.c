/* http_ask.c - requests on a private loop, answers as JSON */
#include "daemon/http_ask.h"

#include <event2/event.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sinks/http_client.h"

struct http_ask {
	struct event_base *base;
	struct http_client *client;
	char *url; /* without a slash at its end */
	struct buf authorization;
	int status;
	unsigned retry_after_s;
	json_t *json; /* of the last answer; NULL: it was none */
	struct error error;
};

int http_ask_open(const char *url, struct http_ask **out, struct error *error)
{
	/* whoever types an address may ask what it names */
	const struct http_client_config config = { .bans = { 0 },
						   .user_agent =
							   "siftd/" SIFTD_VERSION };
	struct http_ask *ask = mem_calloc(1, sizeof(*ask));
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	ask->url = mem_slice_dup(slice_of(url, len));
	ask->base = event_base_new();
	if (ask->base == NULL ||
	    http_client_new(ask->base, &config, &ask->client, error) < 0) {
		http_ask_close(&ask);
		return -1;
	}
	*out = ask;
	return 0;
}

void http_ask_close(struct http_ask **ask_ptr)
{
	struct http_ask *ask = *ask_ptr;

	if (ask == NULL)
		return;
	http_client_free(&ask->client);
	if (ask->base != NULL)
		event_base_free(ask->base);
	json_decref(ask->json);
	buf_deinit(&ask->authorization);
	mem_free(ask->url);
	mem_free(ask);
	*ask_ptr = NULL;
}

void http_ask_set_token(struct http_ask *ask, const char *token)
{
	buf_clear(&ask->authorization);
	buf_printf(&ask->authorization, "Authorization: Bearer %s", token);
	buf_append_char(&ask->authorization, '\0');
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct http_ask *ask = context;

	ask->status = answer->status;
	ask->retry_after_s = answer->retry_after_s;
	if (answer->status == 0)
		(void)error_set(&ask->error, "%s: %s", ask->url,
				answer->error); /* always -1 */
	else if (answer->body.len > 0)
		ask->json = json_loadb(answer->body.ptr, answer->body.len, 0, NULL);
	(void)event_base_loopbreak(ask->base); /* fails before the loop only */
}

int http_ask(struct http_ask *ask, const struct http_ask_request *request,
	     struct error *error)
{
	struct buf url = { 0 };
	struct http_client_request sent = { .method = request->method,
					    .body = request->body,
					    .timeout_ms = request->timeout_s * 1000 };

	json_decref(ask->json);
	ask->json = NULL;
	ask->status = 0;
	buf_printf(&url, "%s/api/v1%s", ask->url, request->path);
	buf_append_char(&url, '\0');
	sent.url = url.data;
	if (ask->authorization.len > 0)
		sent.headers[sent.headers_count++] = ask->authorization.data;
	for (size_t i = 0; i < HTTP_ASK_HEADERS_MAX && request->headers[i] != NULL; i++)
		sent.headers[sent.headers_count++] = request->headers[i];
	if (http_client_post(ask->client, &sent, on_answer, ask) != NULL)
		(void)event_base_dispatch(ask->base); /* until loopbreak */
	buf_deinit(&url);
	if (ask->status > 0)
		return ask->status;
	*error = ask->error;
	return -1;
}

unsigned http_ask_retry_after_s(const struct http_ask *ask)
{
	return ask->retry_after_s;
}

int http_ask_refusal(const struct http_ask *ask, struct error *error)
{
	const char *detail = http_ask_text(ask, "detail");

	return error_set(error, "%s answers %d: %s", ask->url, ask->status,
			 detail == NULL ? "no reason is given" : detail);
}

static const json_t *member(const json_t *object, const char *name)
{
	const char *dot = strchr(name, '.');
	char first[32] = "";

	if (dot == NULL)
		return json_object_get(object, name);
	if ((size_t)(dot - name) >= sizeof(first))
		return NULL;
	memcpy(first, name, (size_t)(dot - name));
	return json_object_get(json_object_get(object, first), dot + 1);
}

int64_t http_ask_int(const struct http_ask *ask, const char *name)
{
	return json_integer_value(member(ask->json, name));
}

const char *http_ask_text(const struct http_ask *ask, const char *name)
{
	return json_string_value(member(ask->json, name));
}

size_t http_ask_count(const struct http_ask *ask, const char *list)
{
	return json_array_size(member(ask->json, list));
}

int64_t http_ask_item_int(const struct http_ask *ask, const char *list, size_t index,
			  const char *name)
{
	return json_integer_value(
		member(json_array_get(member(ask->json, list), index), name));
}

const char *http_ask_item_text(const struct http_ask *ask, const char *list,
			       size_t index, const char *name)
{
	return json_string_value(
		member(json_array_get(member(ask->json, list), index), name));
}
