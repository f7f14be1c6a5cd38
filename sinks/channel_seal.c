/* channel_seal.c - sealing a field, and all channels at start */
#include "sinks/channel_seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "sinks/pg_sync.h"

static void write_place(struct buf *out, const struct channel_place *place)
{
	buf_printf(out, "siftd.channels %" PRId64 " %s", place->project_id,
		   place->field == CHANNEL_URL ? "url" : "secret");
}

void channel_seal(const struct keyring *keyring, const struct channel_place *place,
		  struct slice plain, struct buf *out)
{
	struct buf what = { 0 };

	if (plain.len == 0)
		return;
	write_place(&what, place);
	keyring_seal(keyring, buf_slice(&what), plain, out);
	buf_deinit(&what);
}

int channel_open(const struct keyring *keyring, const struct channel_place *place,
		 struct slice sealed, struct buf *out, struct error *error)
{
	struct buf what = { 0 };
	int status = 0;

	if (sealed.len == 0)
		return 0;
	write_place(&what, place);
	status = keyring_open(keyring, buf_slice(&what), sealed, out, error);
	buf_deinit(&what);
	return status;
}

struct slice channel_server(struct slice url)
{
	const char *start = memmem(url.ptr, url.len, "://", 3);
	size_t len = 0;

	if (start == NULL)
		return slice_starts_with(url, SLICE("kafka:")) ? url : SLICE("");
	url = slice_from(url, (size_t)(start - url.ptr) + 3);
	while (len < url.len && url.ptr[len] != '/' && url.ptr[len] != '?' &&
	       url.ptr[len] != '#')
		len++;
	url = slice_head(url, len);
	/* the name and password of somebody stand before it */
	start = memrchr(url.ptr, '@', url.len);
	return start == NULL ? url : slice_from(url, (size_t)(start - url.ptr) + 1);
}

/* one channel as it lies there, and as it will */
struct resealed {
	struct buf url, secret;         /* in the open */
	struct buf new_url, new_secret; /* sealed */
	struct buf server;
};

static void resealed_deinit(struct resealed *channel)
{
	buf_deinit(&channel->url);
	buf_deinit(&channel->secret);
	buf_deinit(&channel->new_url);
	buf_deinit(&channel->new_secret);
	buf_deinit(&channel->server);
}

enum { COLUMN_ID, COLUMN_PROJECT, COLUMN_KEY_ID, COLUMN_URL, COLUMN_SECRET };

static int open_row(const struct keyring *keyring, const struct pg_rows *rows,
		    struct resealed *out, struct error *error)
{
	int64_t project = pg_rows_int(rows, 0, COLUMN_PROJECT);
	const struct channel_place url = { project, CHANNEL_URL };
	const struct channel_place secret = { project, CHANNEL_SECRET };

	if (pg_rows_slice(rows, 0, COLUMN_KEY_ID).len == 0) {
		buf_append_slice(&out->url, pg_rows_slice(rows, 0, COLUMN_URL));
		buf_append_slice(&out->secret, pg_rows_slice(rows, 0, COLUMN_SECRET));
	} else if (channel_open(keyring, &url, pg_rows_slice(rows, 0, COLUMN_URL),
				&out->url, error) < 0 ||
		   channel_open(keyring, &secret, pg_rows_slice(rows, 0, COLUMN_SECRET),
				&out->secret, error) < 0) {
		return -1;
	}
	channel_seal(keyring, &url, buf_slice(&out->url), &out->new_url);
	channel_seal(keyring, &secret, buf_slice(&out->secret), &out->new_secret);
	buf_append_slice(&out->server, channel_server(buf_slice(&out->url)));
	return 0;
}

static const char *text_of(struct buf *buf)
{
	buf_append_char(buf, '\0');
	return buf->data;
}

/* unless somebody else did meanwhile */
static int store(struct pg_sync *sync, const struct keyring *keyring, const char *id,
		 struct resealed *channel, struct error *error)
{
	const char *const params[] = {
		id,
		text_of(&channel->new_url),
		text_of(&channel->new_secret),
		text_of(&channel->server),
		keyring_id(keyring),
		NULL,
	};
	const struct pg_rows *rows = NULL;

	return pg_sync_query(sync,
			     "UPDATE siftd.channels SET url = $2, secret = $3,"
			     " server = $4, key_id = $5 WHERE id = $1 AND key_id <> $5",
			     params, &rows, error);
}

/* the next one behind *id, which moves on; 1: there was none */
static int reseal_next(struct pg_sync *sync, const struct keyring *keyring, char id[24],
		       size_t *lost, struct error *error)
{
	const char *const params[] = { keyring_id(keyring), id, NULL };
	const struct pg_rows *rows = NULL;
	struct resealed channel = { 0 };
	struct error why = { 0 };
	int status = pg_sync_query(sync,
				   "SELECT id, project_id, key_id, url, secret"
				   " FROM siftd.channels WHERE key_id <> $1"
				   " AND id > $2::bigint ORDER BY id LIMIT 1",
				   params, &rows, error);

	if (status < 0)
		return -1;
	if (pg_rows_count(rows) == 0)
		return 1;
	(void)snprintf(id, 24, "%" PRId64, pg_rows_int(rows, 0, COLUMN_ID));
	if (open_row(keyring, rows, &channel, &why) == 0)
		status = store(sync, keyring, id, &channel, error);
	else
		(*lost)++;
	resealed_deinit(&channel);
	return status;
}

int channels_reseal(const char *conninfo, const struct keyring *keyring,
		    struct error *error)
{
	struct pg_sync *sync = NULL;
	char id[24] = "0";
	size_t lost = 0;
	int status = pg_sync_open(conninfo, &sync, error);

	while (status == 0)
		status = reseal_next(sync, keyring, id, &lost, error);
	if (lost > 0)
		log_warn(
			"notify",
			"channels are sealed under a key that the key file lacks: they "
			"must be made anew, or the key be put there channels=%zu",
			lost);
	pg_sync_close(&sync);
	return status < 0 ? -1 : 0;
}
