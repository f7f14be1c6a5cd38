/* notify_message.c - opens what is sealed, and adds to each kind's body what it wants
 */
#include "sinks/notify_message.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "sinks/channel_seal.h"
#include "sinks/notify_sign.h"

#define SECOND_US 1000000
#define ALERTS_PATH "/api/v2/alerts"

static void wipe(struct buf *buf)
{
	if (buf->data != NULL)
		sodium_memzero(buf->data, buf->len);
	buf_deinit(buf);
}

void notify_message_deinit(struct notify_message *message)
{
	wipe(&message->url);
	wipe(&message->secret);
	wipe(&message->body);
	wipe(&message->delivery);
	wipe(&message->authorization);
	*message = (struct notify_message){ 0 };
}

static int open_secrets(const struct keyring *keyring, const struct pg_rows *rows,
			struct notify_message *out, struct error *error)
{
	int64_t project = pg_rows_int(rows, 0, CLAIM_PROJECT);
	struct slice url = pg_rows_slice(rows, 0, CLAIM_URL);
	struct slice secret = pg_rows_slice(rows, 0, CLAIM_SECRET);

	if (pg_rows_slice(rows, 0, CLAIM_KEY_ID).len == 0) {
		buf_append_slice(&out->url, url);
		buf_append_slice(&out->secret, secret);
		return 0;
	}
	if (channel_open(keyring, &(struct channel_place){ project, CHANNEL_URL }, url,
			 &out->url, error) < 0)
		return -1;
	return channel_open(keyring, &(struct channel_place){ project, CHANNEL_SECRET },
			    secret, &out->secret, error);
}

/* cut where a value would begin another line */
static void write_header(struct buf *out, const char *name, struct slice value)
{
	size_t len = 0;

	while (len < value.len && value.ptr[len] >= ' ' && value.ptr[len] != 0x7f)
		len++;
	buf_printf(out, "%s: ", name);
	buf_append_slice(out, slice_head(value, len));
	buf_append_char(out, '\0');
}

static void add_header(struct notify_message *message, const struct buf *header)
{
	struct http_client_request *request = &message->request;

	request->headers[request->headers_count++] = header->data;
}

static void authorize(struct notify_message *message, struct slice kind)
{
	char signature[NOTIFY_SIGNATURE_SIZE];
	struct slice secret = buf_slice(&message->secret);
	struct buf bearer = { 0 };

	if (secret.len == 0 || slice_equal(kind, SLICE("pagerduty")))
		return;
	if (slice_equal(kind, SLICE("webhook"))) {
		notify_sign(secret, clock_now_us() / SECOND_US,
			    buf_slice(&message->body), signature);
		buf_append_str(&message->authorization, signature);
		buf_append_char(&message->authorization, '\0');
	} else {
		buf_append_str(&bearer, "Bearer ");
		buf_append_slice(&bearer, secret);
		write_header(&message->authorization, "Authorization",
			     buf_slice(&bearer));
		wipe(&bearer);
	}
	add_header(message, &message->authorization);
}

static bool ends_with(struct slice text, struct slice end)
{
	return text.len >= end.len &&
	       slice_equal(slice_from(text, text.len - end.len), end);
}

static void complete_url(struct buf *url, struct slice kind)
{
	struct slice path = SLICE(ALERTS_PATH);

	if (slice_equal(kind, SLICE("alertmanager")) &&
	    !ends_with(buf_slice(url), path)) {
		while (url->len > 0 && url->data[url->len - 1] == '/')
			url->len--;
		buf_append_slice(url, path);
	}
	buf_append_char(url, '\0');
}

/* {"event_action": ...} gets its routing key in front */
static void complete_body(struct notify_message *message, struct slice kind,
			  struct slice body)
{
	struct json_out out = json_out_init(&message->body);

	if (slice_equal(kind, SLICE("pagerduty")) && body.len > 0) {
		buf_append_str(&message->body, "{\"routing_key\":");
		json_out_string(&out, buf_slice(&message->secret));
		buf_append_char(&message->body, ',');
		body = slice_from(body, 1);
	}
	buf_append_slice(&message->body, body);
}

int notify_message_make(const struct keyring *keyring, const struct pg_rows *rows,
			struct notify_message *out, struct error *error)
{
	struct slice kind = pg_rows_slice(rows, 0, CLAIM_KIND);

	*out = (struct notify_message){ 0 };
	if (open_secrets(keyring, rows, out, error) < 0) {
		notify_message_deinit(out);
		return -1;
	}
	complete_url(&out->url, kind);
	complete_body(out, kind, pg_rows_slice(rows, 0, CLAIM_BODY));
	out->request = (struct http_client_request){
		.url = out->url.data,
		.body = buf_slice(&out->body),
		.headers = { "Content-Type: application/json" },
		.headers_count = 1,
	};
	write_header(&out->delivery, "X-Siftd-Delivery",
		     pg_rows_slice(rows, 0, CLAIM_DELIVERY));
	add_header(out, &out->delivery);
	authorize(out, kind);
	return 0;
}
